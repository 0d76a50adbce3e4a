"""Int8 table look-up."""
