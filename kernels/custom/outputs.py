"""The outputs of a package: one byte string, of which each output is a part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernels.custom.buffer import MAX_BUFFER_BYTES, Buffer, Role
from kernels.custom.element import Element, Tolerance
from kernels.custom.errors import PackageError, Reason

MAX_OUTPUTS = 32
WORD = 4


@dataclass(frozen=True, slots=True)
class Output:
    """One output: its name, length in bytes, element type, and how far two of it may differ.

    The only output of a package may have no name.
    """

    name: str | None
    bytes: int
    element: Element
    tolerance: Tolerance


def outputs_of(buffers: Sequence[Buffer], tolerance: Tolerance) -> tuple[Output, ...]:
    """Returns a package's outputs in order; `tolerance` is for those without one of their own.

    Raises PackageError unless there is at least one, several have distinct names and whole 32-bit
    words, and bytes are compared exactly.
    """
    found = tuple(
        Output(buffer.name, buffer.bytes, buffer.element, buffer.tolerance or tolerance)
        for buffer in buffers
        if buffer.role is Role.OUTPUT
    )
    if not 1 <= len(found) <= MAX_OUTPUTS:
        raise PackageError(
            Reason.BAD_BUFFER, f"{len(found)} outputs, but 1 to {MAX_OUTPUTS} are allowed"
        )
    if any(each.element is Element.BYTES and not each.tolerance.exact for each in found):
        raise PackageError(Reason.BAD_TOLERANCE, "bytes are compared exactly: declare zeros")
    if len(found) > 1:
        _check_several(found)
    return found


def split(data: bytes, outputs: Sequence[Output]) -> Iterator[tuple[Output, bytes]]:
    """Yields each output with its part of a result; raises ValueError if the length differs."""
    if len(data) != sum(each.bytes for each in outputs):
        raise ValueError(f"{len(data)} bytes are not the outputs of this kernel")
    start = 0
    for each in outputs:
        yield each, data[start : start + each.bytes]
        start += each.bytes


def _check_several(outputs: Sequence[Output]) -> None:
    names = [each.name for each in outputs]
    if None in names or len(set(names)) != len(names):
        raise PackageError(Reason.BAD_BUFFER, "several outputs need names, each its own")
    if any(each.bytes % WORD for each in outputs):
        raise PackageError(Reason.BAD_BUFFER, "several outputs need whole 32-bit words each")
    total = sum(each.bytes for each in outputs)
    if total > MAX_BUFFER_BYTES:
        raise PackageError(
            Reason.BAD_BUFFER, f"the outputs have {total} bytes, at most {MAX_BUFFER_BYTES} allowed"
        )
