"""What fits into one transaction."""

from typing import Final

DESCRIPTORS_PER_TRANSACTION: Final = 3
"""The maximum number of descriptors that one `append_operators` carries.

A transaction has at most 1,232 bytes, and a descriptor has 256.
"""
