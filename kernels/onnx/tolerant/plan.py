"""Stages and buffers that a graph becomes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from kernels.onnx.tolerant.element import Array, Bounds, Element
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.value import Shape, Value
from kernels.onnx.tolerant.wgsl import WORKGROUP, used_functions

MAX_GROUPS = 65_535


@dataclass(slots=True)
class Buffer:
    """words of 32 bits; lanes are what an input holds before the run."""

    words: int
    lanes: Array | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One dispatch; the last of its buffers is written, the others are read."""

    source: str
    buffers: tuple[int, ...]
    workgroups: tuple[int, int, int]


@dataclass(slots=True)
class Plan:
    """What to run, in order."""

    max_bytes: int
    buffers: list[Buffer] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)

    def upload(self, value: Value) -> int:
        """The buffer that holds a value, made from the host where it lies there."""
        if value.buffer is None:
            assert value.host is not None
            array = value.host()
            if value.element.is_wide and array.size:
                low, high = int(array.min()), int(array.max())
                _require_lane(value.element, (low, high))
                value.bounds = (low, high)
            value.buffer = self._buffer(value.size, value.element.to_lanes(array))
        return value.buffer

    def emit(
        self,
        inputs: Sequence[Value],
        shape: Shape,
        element: Element,
        code: str,
        bounds: Bounds | None = None,
    ) -> Value:
        """A kernel whose invocation i computes lane `r` of element i; $k names input k.

        Raises UnsupportedOperator when 64-bit integers are not proven to fit a lane, and when the
        output exceeds the adapter's buffers.
        """
        if element.is_wide:
            if bounds is None:
                raise UnsupportedOperator(element.name, "values are not proven to fit 32 bits")
            _require_lane(element, bounds)
        size = prod(shape)
        target = self._buffer(size)
        read = [self.upload(value) for value in inputs]
        if size:
            names = {buffer: f"a{at}" for at, buffer in enumerate(dict.fromkeys(read))}
            lanes = {buffer: value.element.lane for buffer, value in zip(read, inputs, strict=True)}
            body = re.sub(r"\$(\d+)", lambda found: names[read[int(found[1])]], code)
            self._stage(body, list(names), lanes, target, element, size)
        return Value(shape, element, target, bounds=bounds)

    def _stage(  # noqa: PLR0917
        self,
        body: str,
        read: list[int],
        lanes: dict[int, str],
        target: int,
        element: Element,
        size: int,
    ) -> None:
        groups = -(-size // WORKGROUP)
        across = min(groups, MAX_GROUPS)
        down = -(-groups // across)
        declared = [
            f"@group(0) @binding({at}) var<storage, {self._access(buffer)}> a{at}: "
            f"array<{lanes[buffer]}>;"
            for at, buffer in enumerate(read)
        ]
        index = "id.x" if down == 1 else f"id.y * {across * WORKGROUP}u + id.x"
        text = f"{body}\n    out[i] = {element.store};"
        source = "\n".join(
            [
                *declared,
                f"@group(0) @binding({len(read)}) var<storage, read_write> out: "
                f"array<{element.lane}>;",
                used_functions(text),
                f"@compute @workgroup_size({WORKGROUP})",
                "fn main(@builtin(global_invocation_id) id: vec3u) {",
                f"    let i = {index};",
                f"    if (i >= {size}u) {{ return; }}",
                f"    {text}",
                "}",
            ]
        )
        self.stages.append(Stage(source, (*read, target), (across, down, 1)))

    def _access(self, buffer: int) -> str:
        return "read" if self.buffers[buffer].lanes is not None else "read_write"

    def _buffer(self, size: int, lanes: Array | None = None) -> int:
        words = max(size, 1)
        if 4 * words > self.max_bytes:
            raise UnsupportedOperator(
                "tensor", f"{4 * words} bytes exceed the adapter's {self.max_bytes}"
            )
        self.buffers.append(Buffer(words, lanes))
        return len(self.buffers) - 1


def _require_lane(element: Element, bounds: Bounds) -> None:
    low, high = element.bounds
    if bounds[0] < low or bounds[1] > high:
        raise UnsupportedOperator(
            element.name, f"values from {bounds[0]} to {bounds[1]} do not fit 32 bits"
        )
