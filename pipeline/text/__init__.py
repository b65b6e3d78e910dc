"""Text: normalising, documents, segmentation."""
