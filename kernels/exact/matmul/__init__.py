"""Int8 matrix product with int32 sums."""
