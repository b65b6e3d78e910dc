"""Training of the heads and export of an encoder; needs the extra `train`. Nothing here is imported when the product runs."""
