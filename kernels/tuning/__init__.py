"""Searches tile and workgroup sizes of kernels and keeps the fastest ones per adapter."""

from kernels.tuning.cache import Cache, default_directory, fingerprint
from kernels.tuning.space import Space, SpaceError, specialise
from kernels.tuning.tuner import Tuner

__all__ = [
    "Cache",
    "Space",
    "SpaceError",
    "Tuner",
    "default_directory",
    "fingerprint",
    "specialise",
]
