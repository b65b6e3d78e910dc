"""Rule files → a compiled pack."""
