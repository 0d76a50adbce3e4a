"""The laboratory: an embedded chain, a marketplace in one process, benchmarks and simulations."""
