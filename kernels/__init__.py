"""Kernels and what runs them: exact integer operators, float kernels, custom packages, models.

README.md lists the rooms. Nothing here imports `keeper` or `idl`.
"""
