"""A kernel package: everything that a run of a custom kernel depends on, as one byte string."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from kernels.custom.element import Element, Tolerance
from kernels.custom.errors import PackageError, Reason

VERSION = 1
MAX_SOURCE_BYTES = 1 << 16
MAX_PACKAGE_BYTES = 1 << 18
MAX_INPUTS = 7
MAX_BUFFER_BYTES = 1 << 30
MAX_WORKGROUPS = 1 << 16
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
KEYS = {"entry_point", "inputs", "name", "output", "source", "tolerance", "version", "workgroups"}
BOUNDS = ("absolute_bits", "relative_bits", "ulp")


@dataclass(frozen=True, slots=True)
class Buffer:
    """One storage buffer: its length in bytes and what it holds."""

    bytes: int
    element: Element

    def __post_init__(self) -> None:
        if not 1 <= self.bytes <= MAX_BUFFER_BYTES:
            raise PackageError(
                Reason.BAD_BUFFER, f"a buffer has 1 to {MAX_BUFFER_BYTES} bytes, not {self.bytes}"
            )
        if self.bytes % self.element.size:
            raise PackageError(
                Reason.BAD_BUFFER,
                f"{self.bytes} bytes are no whole number of {self.element.spoken} elements",
            )

    @property
    def bound_bytes(self) -> int:
        """Length of the device's buffer: whole 32-bit words, the rest of the last one zero."""
        return -(-self.bytes // 4) * 4


@dataclass(frozen=True)
class KernelPackage:
    """One WGSL compute kernel of the tolerant class with its buffers and its tolerance.

    Input i is bound read-only at group 0, binding i; the output, zero at the start, read-write at
    the binding after them. PackageError names the rule that a field breaks.
    """

    name: str
    source: str
    entry_point: str
    workgroups: tuple[int, int, int]
    inputs: tuple[Buffer, ...]
    output: Buffer
    tolerance: Tolerance

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise PackageError(
                Reason.BAD_NAME, f"{self.name!r}: lower-case letters, digits, - and _, at most 64"
            )
        if IDENTIFIER.fullmatch(self.entry_point) is None:
            raise PackageError(
                Reason.BAD_ENTRY_POINT, f"{self.entry_point!r} is no WGSL identifier"
            )
        self._check_source()
        if len(self.workgroups) != 3 or not all(1 <= n <= MAX_WORKGROUPS for n in self.workgroups):
            raise PackageError(
                Reason.BAD_WORKGROUPS, f"{self.workgroups}: three counts of 1 to {MAX_WORKGROUPS}"
            )
        if len(self.inputs) > MAX_INPUTS:
            raise PackageError(
                Reason.BINDING_LIMIT, f"{len(self.inputs)} inputs, at most {MAX_INPUTS} are taken"
            )
        if self.output.element is Element.BYTES and not self.tolerance.exact:
            raise PackageError(Reason.BAD_TOLERANCE, "bytes are compared exactly: declare zeros")

    def _check_source(self) -> None:
        try:
            length = len(self.source.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise PackageError(Reason.BAD_SOURCE, f"the source is no UTF-8 text: {error}") from None
        if not 1 <= length <= MAX_SOURCE_BYTES or "\0" in self.source:
            raise PackageError(
                Reason.BAD_SOURCE,
                f"the source has {length} bytes, allowed are 1 to {MAX_SOURCE_BYTES} without zeros",
            )

    @cached_property
    def canonical(self) -> bytes:
        """ASCII JSON with sorted keys and no spaces: the bytes whose SHA-256 is the digest."""
        document = {
            "entry_point": self.entry_point,
            "inputs": [_described(buffer) for buffer in self.inputs],
            "name": self.name,
            "output": _described(self.output),
            "source": self.source,
            "tolerance": dict(zip(BOUNDS, self.tolerance.bits, strict=True)),
            "version": VERSION,
            "workgroups": list(self.workgroups),
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")

    @property
    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes, the kernel's name on chain."""
        return sha256(self.canonical).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> "KernelPackage":
        """Parse; PackageError unless data is the canonical form of a package."""
        if len(data) > MAX_PACKAGE_BYTES:
            raise _bad_file(f"{len(data)} bytes, at most {MAX_PACKAGE_BYTES} are taken")
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _bad_file(f"not JSON ({error})") from None
        package = cls.from_document(document)
        if package.canonical != data:
            raise _bad_file("not in canonical form")
        return package

    @classmethod
    def from_document(cls, document: object) -> "KernelPackage":
        """A package from the parsed form of its canonical JSON; PackageError."""
        fields = _mapping(document, KEYS, "package")
        if fields["version"] != VERSION or isinstance(fields["version"], bool):
            raise _bad_file(f"version {fields['version']!r} is not {VERSION}")
        bounds = _mapping(fields["tolerance"], set(BOUNDS), "tolerance")
        return cls(
            name=_text(fields["name"], "name"),
            source=_text(fields["source"], "source"),
            entry_point=_text(fields["entry_point"], "entry_point"),
            workgroups=_workgroups(fields["workgroups"]),
            inputs=tuple(
                _buffer(entry, f"input {number}")
                for number, entry in enumerate(_list(fields["inputs"], "inputs"))
            ),
            output=_buffer(fields["output"], "output"),
            tolerance=Tolerance.from_bits(
                *(_integer(bounds[key], f"tolerance {key}") for key in BOUNDS)
            ),
        )

    def check_inputs(self, inputs: Sequence[bytes]) -> None:
        """PackageError unless there is one byte string of the right length for each input."""
        if len(inputs) != len(self.inputs):
            raise PackageError(
                Reason.BAD_INPUT, f"the kernel has {len(self.inputs)} inputs, {len(inputs)} given"
            )
        for number, (data, buffer) in enumerate(zip(inputs, self.inputs, strict=True)):
            if len(data) != buffer.bytes:
                raise PackageError(
                    Reason.BAD_INPUT,
                    f"input {number} has {buffer.bytes} bytes, {len(data)} given",
                )

    def check_limits(self, limits: Mapping[str, int]) -> None:
        """PackageError unless every buffer, binding and dispatch fits an adapter's limits."""
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        largest = max(buffer.bound_bytes for buffer in (*self.inputs, self.output))
        if largest > room:
            raise PackageError(
                Reason.BUFFER_LIMIT, f"a buffer of {largest} bytes exceeds the adapter's {room}"
            )
        bindings = limits["max-storage-buffers-per-shader-stage"]
        if len(self.inputs) + 1 > bindings:
            raise PackageError(
                Reason.BINDING_LIMIT,
                f"{len(self.inputs) + 1} buffers exceed the adapter's {bindings}",
            )
        across = limits["max-compute-workgroups-per-dimension"]
        if max(self.workgroups) > across:
            raise PackageError(
                Reason.DISPATCH_LIMIT, f"workgroups {self.workgroups} exceed the adapter's {across}"
            )


def _described(buffer: Buffer) -> dict[str, Any]:
    return {"bytes": buffer.bytes, "element": buffer.element.spoken}


def _buffer(entry: object, what: str) -> Buffer:
    fields = _mapping(entry, {"bytes", "element"}, what)
    names = {element.spoken: element for element in Element}
    element = names.get(_text(fields["element"], f"{what}: element"))
    if element is None:
        raise PackageError(
            Reason.BAD_BUFFER,
            f"{what}: element {fields['element']!r} is none of {', '.join(names)}",
        )
    return Buffer(_integer(fields["bytes"], f"{what}: bytes"), element)


def _workgroups(entry: object) -> tuple[int, int, int]:
    counts = [_integer(count, "workgroups") for count in _list(entry, "workgroups")]
    if len(counts) != 3:
        raise PackageError(Reason.BAD_WORKGROUPS, f"{counts}: three counts, x, y and z, are needed")
    return counts[0], counts[1], counts[2]


def _bad_file(message: str) -> PackageError:
    return PackageError(Reason.BAD_FILE, f"package: {message}")


def _mapping(value: object, keys: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != keys:
        raise _bad_file(f"{what} has to have exactly the keys {', '.join(sorted(keys))}")
    return value


def _list(value: object, what: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise _bad_file(f"{what}: {value!r} is not a list")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _bad_file(f"{what}: {value!r} is not a string")
    return value


def _integer(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _bad_file(f"{what}: {value!r} is not an integer")
    return value
