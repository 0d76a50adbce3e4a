"""A whole marketplace in one process, which demonstrations, benchmarks and tests share."""
