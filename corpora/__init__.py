"""The narratives that the project wrote, and the reader that hands them out."""
