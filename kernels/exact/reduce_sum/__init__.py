"""Sum of a row that wraps."""
