"""The buffers of a package and the stages that use them."""

import re
from dataclasses import dataclass
from enum import StrEnum

from kernels.custom.element import Element, Tolerance
from kernels.custom.errors import PackageError, Reason

MAX_BUFFER_BYTES = 1 << 30
MAX_BINDINGS = 8
MAX_NAME_CHARACTERS = 256
MAX_WORKGROUPS = 1 << 16
# Every WebGPU adapter can bind a buffer from a multiple of this on.
OFFSET_BYTES = 256
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Role(StrEnum):
    """How a buffer is used. Inputs are bound read-only; the others are zero at the start."""

    INPUT = "input"
    SCRATCH = "scratch"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Buffer:
    """One storage buffer: its length in bytes, its element type and its role.

    An output may have a name, and a tolerance of its own in place of the package's. Raises
    PackageError (BadBuffer) unless the length is 1 to 2^30 bytes and a whole number of elements.
    """

    bytes: int
    element: Element
    role: Role
    name: str | None = None
    tolerance: Tolerance | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.bytes <= MAX_BUFFER_BYTES:
            raise PackageError(
                Reason.BAD_BUFFER, f"a buffer has 1 to {MAX_BUFFER_BYTES} bytes, not {self.bytes}"
            )
        if self.bytes % self.element.size:
            raise PackageError(
                Reason.BAD_BUFFER,
                f"{self.bytes} bytes are not a whole number of {self.element.spoken} elements",
            )
        if self.role is not Role.OUTPUT and (self.name, self.tolerance) != (None, None):
            raise PackageError(
                Reason.BAD_BUFFER, "only outputs have names and tolerances of their own"
            )
        if self.name is not None and not (
            1 <= len(self.name) <= MAX_NAME_CHARACTERS and self.name.isprintable()
        ):
            raise PackageError(
                Reason.BAD_BUFFER,
                f"{self.name!r}: an output's name has 1 to {MAX_NAME_CHARACTERS} printable "
                "characters",
            )

    @property
    def bound_bytes(self) -> int:
        """The length of the device's buffer in bytes, zero-padded to whole 32-bit words."""
        return -(-self.bytes // 4) * 4


@dataclass(frozen=True, slots=True)
class Stage:
    """One dispatch: the source's number, its entry point, workgroups (x, y, z) and bound buffers.

    bindings[i] is the number of the buffer at group 0, binding i. offsets[i] is the byte from which
    on it is bound, a multiple of OFFSET_BYTES; no offsets stand for zeros. So one source serves
    several stages that read different parts of an input. Raises PackageError where a field breaks a
    rule.
    """

    source: int
    entry_point: str
    workgroups: tuple[int, int, int]
    bindings: tuple[int, ...]
    offsets: tuple[int, ...] = ()

    @property
    def begins(self) -> tuple[int, ...]:
        """The first byte of each binding."""
        return self.offsets or (0,) * len(self.bindings)

    def __post_init__(self) -> None:
        if IDENTIFIER.fullmatch(self.entry_point) is None:
            raise PackageError(
                Reason.BAD_ENTRY_POINT, f"{self.entry_point!r} is not a WGSL identifier"
            )
        if len(self.workgroups) != 3 or not all(1 <= n <= MAX_WORKGROUPS for n in self.workgroups):
            raise PackageError(
                Reason.BAD_WORKGROUPS,
                f"{self.workgroups}: three counts of 1 to {MAX_WORKGROUPS}",
            )
        if not 1 <= len(self.bindings) <= MAX_BINDINGS:
            raise PackageError(
                Reason.BINDING_LIMIT,
                f"a stage binds 1 to {MAX_BINDINGS} buffers, not {len(self.bindings)}",
            )
        if self.offsets and (len(self.offsets) != len(self.bindings) or not any(self.offsets)):
            raise PackageError(
                Reason.BAD_STAGE,
                f"offsets {list(self.offsets)}: one for each binding, and none if all are zero",
            )
        if any(each < 0 or each % OFFSET_BYTES for each in self.offsets):
            raise PackageError(
                Reason.BAD_STAGE,
                f"offsets {list(self.offsets)}: none is negative, each is a multiple of "
                f"{OFFSET_BYTES}",
            )
        if len(set(zip(self.bindings, self.begins, strict=True))) != len(self.bindings):
            raise PackageError(
                Reason.BAD_STAGE, f"bindings {list(self.bindings)}: a buffer is bound twice"
            )
