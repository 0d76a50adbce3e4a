"""The lab: an embedded cluster, a marketplace in one process, benchmarks and simulations."""
