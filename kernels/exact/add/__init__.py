"""Int32 sum that wraps."""
