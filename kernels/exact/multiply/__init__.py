"""Int8 product, element by element."""
