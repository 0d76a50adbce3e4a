"""Deterministic integer kernels: shader, NumPy reference and manifest side by side."""
