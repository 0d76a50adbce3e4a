"""A kernel package: everything that a run of custom kernels depends on, as one byte string."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from kernels.custom.buffer import Buffer, Role, Stage
from kernels.custom.document import (
    VERSION,
    array,
    bad_file,
    described_buffer,
    described_stage,
    described_tolerance,
    package_fields,
    parsed_buffers,
    parsed_stages,
    parsed_tolerance,
    text,
)
from kernels.custom.element import Element, Tolerance
from kernels.custom.errors import PackageError, Reason
from kernels.custom.outputs import Output, outputs_of

# What a stranger's package may cost a provider before it has run: reading it takes about 3 ms per
# 1,000 bytes of source, recording a dispatch some microseconds. What its compilation may cost is
# bounded in `validation`.
MAX_SOURCE_BYTES = 1 << 16
MAX_SOURCES_BYTES = 1 << 20
MAX_PACKAGE_BYTES = 1 << 21
MAX_INPUTS = 7
MAX_BUFFERS = 1 << 10
MAX_PACKAGE_STAGES = 1 << 12
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class KernelPackage:
    """WGSL compute kernels of the tolerant class, run one after the other, with their buffers.

    The inputs are the job's data in order. A run's result is the outputs' bytes, one after the
    other. Scratch buffers and outputs are zero at the start and keep what earlier stages wrote.
    Raises PackageError, whose reason names the broken rule.
    """

    name: str
    sources: tuple[str, ...]
    buffers: tuple[Buffer, ...]
    stages: tuple[Stage, ...]
    tolerance: Tolerance

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise PackageError(
                Reason.BAD_NAME,
                f"{self.name!r}: lower-case letters, digits, - and _, at most 64",
            )
        self._check_sources()
        self._check_buffers()
        self._check_stages()
        if len(self.canonical) > MAX_PACKAGE_BYTES:
            raise bad_file(f"{len(self.canonical)} bytes, at most {MAX_PACKAGE_BYTES} allowed")

    def _check_sources(self) -> None:
        if not self.sources:
            raise PackageError(Reason.BAD_SOURCE, "there is no source")
        size = sum(_checked_bytes(number, source) for number, source in enumerate(self.sources))
        if size > MAX_SOURCES_BYTES:
            raise PackageError(
                Reason.SOURCE_LIMIT,
                f"the sources have {size} bytes together, at most {MAX_SOURCES_BYTES} allowed",
            )
        if len(set(self.sources)) < len(self.sources):
            raise PackageError(Reason.BAD_SOURCE, "two sources are equal: let stages share one")

    def _check_buffers(self) -> None:
        if len(self.buffers) > MAX_BUFFERS:
            raise PackageError(
                Reason.BINDING_LIMIT, f"{len(self.buffers)} buffers, at most {MAX_BUFFERS} allowed"
            )
        outputs_of(self.buffers, self.tolerance)
        if len(self.inputs) > MAX_INPUTS:
            raise PackageError(
                Reason.BINDING_LIMIT, f"{len(self.inputs)} inputs, at most {MAX_INPUTS} allowed"
            )

    def _check_stages(self) -> None:
        if not self.stages:
            raise PackageError(Reason.BAD_STAGE, "there is no stage")
        if len(self.stages) > MAX_PACKAGE_STAGES:
            raise PackageError(
                Reason.DISPATCH_LIMIT,
                f"{len(self.stages)} stages, at most {MAX_PACKAGE_STAGES} allowed",
            )
        for number, stage in enumerate(self.stages):
            if not 0 <= stage.source < len(self.sources):
                raise PackageError(
                    Reason.BAD_STAGE, f"stage {number} runs source {stage.source}, which is missing"
                )
            if not all(0 <= at < len(self.buffers) for at in stage.bindings):
                raise PackageError(
                    Reason.BAD_STAGE,
                    f"stage {number} binds {list(stage.bindings)} of {len(self.buffers)} buffers",
                )
            self._check_offsets(number, stage)
        if {stage.source for stage in self.stages} != set(range(len(self.sources))):
            raise PackageError(Reason.BAD_STAGE, "no stage runs one of the sources")
        if {at for stage in self.stages for at in stage.bindings} != set(range(len(self.buffers))):
            raise PackageError(Reason.BAD_STAGE, "no stage binds one of the buffers")

    def _check_offsets(self, number: int, stage: Stage) -> None:
        for at, (place, offset) in enumerate(zip(stage.bindings, stage.begins, strict=True)):
            buffer = self.buffers[place]
            shared = stage.bindings.count(place) > 1
            if (offset or shared) and buffer.role is not Role.INPUT:
                raise PackageError(
                    Reason.BAD_STAGE,
                    f"stage {number}: binding {at} is written, so it is bound once and whole",
                )
            if offset >= buffer.bound_bytes:
                raise PackageError(
                    Reason.BAD_STAGE,
                    f"stage {number}: binding {at} begins at {offset} of {buffer.bound_bytes} "
                    "bytes",
                )

    @property
    def inputs(self) -> tuple[Buffer, ...]:
        """The buffers that the job fills, in order."""
        return tuple(buffer for buffer in self.buffers if buffer.role is Role.INPUT)

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The outputs in order."""
        return outputs_of(self.buffers, self.tolerance)

    @property
    def output_bytes(self) -> int:
        """The length of a run's result."""
        return sum(each.bytes for each in self.outputs)

    @property
    def element(self) -> Element:
        """The element type that a task names on chain: the first that is compared as numbers.

        It is BYTES where equal results alone agree; providers compare each output by its own type.
        """
        numbers = (each.element for each in self.outputs if each.element is not Element.BYTES)
        return next(numbers, Element.BYTES)

    @property
    def device_bytes(self) -> int:
        """Bytes of device memory that a run takes: all buffers, and the outputs a second time."""
        outputs = (buffer for buffer in self.buffers if buffer.role is Role.OUTPUT)
        return sum(buffer.bound_bytes for buffer in (*self.buffers, *outputs))

    @cached_property
    def canonical(self) -> bytes:
        """ASCII JSON with sorted keys and no spaces; its SHA-256 is the digest."""
        document = {
            "buffers": [described_buffer(buffer) for buffer in self.buffers],
            "name": self.name,
            "sources": list(self.sources),
            "stages": [described_stage(stage) for stage in self.stages],
            "tolerance": described_tolerance(self.tolerance),
            "version": VERSION,
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")

    @property
    def digest(self) -> bytes:
        """SHA-256 of the canonical bytes (32 bytes), which names the kernel on chain."""
        return sha256(self.canonical).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> "KernelPackage":
        """Returns the package; raises PackageError unless data is the canonical form of one."""
        if len(data) > MAX_PACKAGE_BYTES:
            raise bad_file(f"{len(data)} bytes, at most {MAX_PACKAGE_BYTES} allowed")
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            raise bad_file("not JSON") from None
        package = cls.from_document(document)
        if package.canonical != data:
            raise bad_file("not in canonical form")
        return package

    @classmethod
    def from_document(cls, document: object) -> "KernelPackage":
        """Returns a package from its parsed canonical JSON; raises PackageError."""
        fields = package_fields(document)
        return cls(
            name=text(fields["name"], "name"),
            sources=tuple(
                text(entry, f"source {number}")
                for number, entry in enumerate(array(fields["sources"], "sources"))
            ),
            buffers=parsed_buffers(fields["buffers"]),
            stages=parsed_stages(fields["stages"]),
            tolerance=parsed_tolerance(fields["tolerance"], "tolerance"),
        )

    def check_inputs(self, inputs: Sequence[bytes]) -> None:
        """Raises PackageError unless there is one byte string of the right length per input."""
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

    def check_memory(self, offered: int) -> None:
        """Raises PackageError if a run takes more device memory than `offered` bytes."""
        if self.device_bytes > offered:
            raise PackageError(
                Reason.MEMORY_LIMIT,
                f"a run takes {self.device_bytes} bytes of device memory, {offered} are offered",
            )

    def check_limits(self, limits: Mapping[str, int]) -> None:
        """Raises PackageError unless buffers, bindings and dispatches fit the adapter's limits."""
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        largest = max(buffer.bound_bytes for buffer in self.buffers)
        if largest > room:
            raise PackageError(
                Reason.BUFFER_LIMIT, f"a buffer of {largest} bytes exceeds the adapter's {room}"
            )
        bindings = limits["max-storage-buffers-per-shader-stage"]
        most = max(len(stage.bindings) for stage in self.stages)
        if most > bindings:
            raise PackageError(
                Reason.BINDING_LIMIT, f"{most} buffers exceed the adapter's {bindings}"
            )
        across = limits["max-compute-workgroups-per-dimension"]
        widest = max(max(stage.workgroups) for stage in self.stages)
        if widest > across:
            raise PackageError(
                Reason.DISPATCH_LIMIT, f"{widest} workgroups exceed the adapter's {across}"
            )


def _checked_bytes(number: int, source: str) -> int:
    """Returns the length of a source in bytes; raises PackageError where it breaks a rule."""
    try:
        length = len(source.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise PackageError(
            Reason.BAD_SOURCE, f"source {number} is not UTF-8 text: {error}"
        ) from None
    if not 1 <= length <= MAX_SOURCE_BYTES or "\0" in source:
        raise PackageError(
            Reason.BAD_SOURCE,
            f"source {number} has {length} bytes, but 1 to {MAX_SOURCE_BYTES} are "
            "allowed, none of them zero",
        )
    return length
