"""The type of an output's elements, and how far two honest outputs may differ."""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from kernels.custom import codes
from kernels.custom.errors import PackageError, Reason

U32_MAX = (1 << 32) - 1


class Element(IntEnum):
    """Element types by their code on chain. BYTES holds no numbers and is compared exactly."""

    BYTES = codes.Element.BYTES
    F16 = codes.Element.F16
    F32 = codes.Element.F32
    I32 = codes.Element.I32

    @property
    def size(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    @property
    def numpy(self) -> np.dtype[Any]:
        """The NumPy type, little-endian."""
        return np.dtype(("<u1", "<f2", "<f4", "<i4")[self])

    @property
    def spoken(self) -> str:
        """The type's name in a manifest."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Bounds on the difference of two outputs, element by element.

    absolute and relative are float32 values, ulp counts units in the last place; zero demands
    equality. Raises PackageError unless all are finite and at least 0.
    """

    absolute: float = 0.0
    relative: float = 0.0
    ulp: int = 0

    def __post_init__(self) -> None:
        for name, value in (("absolute", self.absolute), ("relative", self.relative)):
            if not (math.isfinite(value) and value >= 0 and math.copysign(1, value) > 0):
                raise PackageError(
                    Reason.BAD_TOLERANCE, f"{name} is {value}, but must be finite and at least 0"
                )
            if float(np.float32(value)) != value:
                raise PackageError(Reason.BAD_TOLERANCE, f"{name} {value} is not a float32")
        if not 0 <= self.ulp <= U32_MAX:
            raise PackageError(Reason.BAD_TOLERANCE, f"ulp is {self.ulp}, outside 0..{U32_MAX}")

    @classmethod
    def rounded(cls, absolute: float, relative: float, ulp: int) -> "Tolerance":
        """Returns a tolerance with absolute and relative rounded to the nearest float32."""
        with np.errstate(over="ignore"):
            return cls(float(np.float32(absolute)), float(np.float32(relative)), ulp)

    @classmethod
    def from_bits(cls, absolute: int, relative: int, ulp: int) -> "Tolerance":
        """Returns the tolerance with these float32 bit patterns, the form stored on chain."""
        for name, bits in (("absolute", absolute), ("relative", relative)):
            if not 0 <= bits <= U32_MAX:
                raise PackageError(Reason.BAD_TOLERANCE, f"{name}: {bits} is not a u32")
        floats = np.array([absolute, relative], "<u4").view("<f4").tolist()
        return cls(floats[0], floats[1], ulp)

    @property
    def bits(self) -> tuple[int, int, int]:
        """The bit patterns of absolute and relative, and ulp."""
        absolute, relative = np.array([self.absolute, self.relative], "<f4").view("<u4").tolist()
        return absolute, relative, self.ulp

    @property
    def exact(self) -> bool:
        """Whether only equal outputs agree."""
        return self.bits == (0, 0, 0)
