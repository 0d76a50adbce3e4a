"""The stages and buffers that a graph is lowered to."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from kernels.onnx.tolerant.element import Array, Bounds, Element
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.value import Shape, Value
from kernels.onnx.tolerant.wgsl import WORKGROUP, used_functions

MAX_GROUPS = 65_535
# Loops and functions count as the nodes that they unroll to.
MAX_NODES = 100_000


@dataclass(slots=True)
class Buffer:
    """`words` of 32 bits of one lane type; `lanes` are a constant's values.

    given: the caller of the run fills the buffer.
    """

    words: int
    lane: str
    lanes: Array | None = None
    given: bool = False

    @property
    def read_only(self) -> bool:
        """Whether no stage writes the buffer."""
        return self.given or self.lanes is not None


@dataclass(frozen=True, slots=True)
class Stage:
    """One dispatch; its last buffer is written, the others are read."""

    source: str
    buffers: tuple[int, ...]
    workgroups: tuple[int, int, int]


@dataclass(slots=True)
class Plan:
    """The stages to run, in order, and their buffers.

    pooled: constants of one lane type share a buffer, so that few are bound.
    """

    max_bytes: int
    pooled: bool = False
    buffers: list[Buffer] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    nodes: int = 0

    def count(self, operator: str) -> None:
        """Counts one more node; raises UnsupportedOperator beyond MAX_NODES."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise UnsupportedOperator(operator, f"the graph unrolls to more than {MAX_NODES} nodes")

    def upload(self, value: Value) -> int:
        """Returns the buffer that holds a value, which is copied from the host if needed."""
        if value.buffer is None:
            assert value.host is not None
            array = value.host()
            if value.element.is_wide and array.size:
                low, high = int(array.min()), int(array.max())
                _require_lane(value.element, (low, high))
                value.bounds = (low, high)
            if not value.element.holds(array):
                raise UnsupportedOperator(
                    value.element.name, "float32 does not hold the values closely enough"
                )
            self._hold(value, value.element.to_lanes(array))
        assert value.buffer is not None
        return value.buffer

    def input(self, shape: Shape, element: Element) -> Value:
        """Returns a tensor that the caller of the run gives as lanes, with unknown values."""
        buffer = self._buffer(prod(shape), element.lane)
        self.buffers[buffer].given = True
        return Value(shape, element, buffer, bounds=element.bounds if element.is_wide else None)

    def prune(self, wanted: Iterable[int]) -> None:
        """Removes stages that none of the wanted buffers depends on."""
        needed, kept = set(wanted), []
        for stage in reversed(self.stages):
            if stage.buffers[-1] in needed:
                needed.update(stage.buffers)
                kept.append(stage)
        self.stages = kept[::-1]
        for at, buffer in enumerate(self.buffers):
            if at not in needed and not buffer.given:
                buffer.words, buffer.lanes = 1, None

    def _hold(self, value: Value, lanes: Array) -> None:
        lane = value.element.lane
        if not self.pooled:
            value.buffer = self._buffer(lanes.size, lane, lanes)
            return
        value.buffer = next(
            (
                at
                for at, buffer in enumerate(self.buffers)
                if buffer.lanes is not None and buffer.lane == lane
            ),
            None,
        )
        if value.buffer is None:
            value.buffer = self._buffer(0, lane, lanes[:0])
        pool = self.buffers[value.buffer]
        assert pool.lanes is not None
        value.offset = pool.lanes.size
        pool.lanes = np.concatenate([pool.lanes, lanes])
        pool.words = self._fitting(pool.lanes.size)

    def emit(
        self,
        inputs: Sequence[Value],
        shape: Shape,
        element: Element,
        code: str,
        bounds: Bounds | None = None,
        *,
        invocations: int | None = None,
    ) -> Value:
        """Adds a kernel whose invocation i computes lane `r` of element i; $k names input k.

        With a number of invocations, the code itself writes all elements of `out`. Raises
        UnsupportedOperator when 64-bit integers are not proven to fit a lane, and when the output
        exceeds the adapter's buffers.
        """
        if element.is_wide:
            if bounds is None:
                raise UnsupportedOperator(element.name, "values are not proven to fit 32 bits")
            _require_lane(element, bounds)
        size = prod(shape)
        target = self._buffer(size, element.lane)
        if size:
            used = [inputs[at] for at in sorted({int(at) for at in re.findall(r"\$(\d+)", code)})]
            lanes = {self.upload(value): value.element.lane for value in used}
            names = {buffer: f"a{at}" for at, buffer in enumerate(lanes)}
            body = re.sub(r"\$(\d+)\[", lambda found: _place(found, names, inputs), code)
            if invocations is None:
                body = f"{body}\n    out[i] = {element.store};"
            self._stage(body, list(names), lanes, target, (element, invocations or size))
        return Value(shape, element, target, bounds=bounds)

    def _stage(
        self,
        body: str,
        read: list[int],
        lanes: dict[int, str],
        target: int,
        written: tuple[Element, int],
    ) -> None:
        element, size = written
        groups = -(-size // WORKGROUP)
        across = min(groups, MAX_GROUPS)
        down = -(-groups // across)
        declared = [
            f"@group(0) @binding({at}) var<storage, {self._access(buffer)}> a{at}: "
            f"array<{lanes[buffer]}>;"
            for at, buffer in enumerate(read)
        ]
        index = "id.x" if down == 1 else f"id.y * {across * WORKGROUP}u + id.x"
        source = "\n".join(
            [
                *declared,
                f"@group(0) @binding({len(read)}) var<storage, read_write> out: "
                f"array<{element.lane}>;",
                used_functions(body),
                f"@compute @workgroup_size({WORKGROUP})",
                "fn main(@builtin(global_invocation_id) id: vec3u) {",
                f"    let i = {index};",
                f"    if (i >= {size}u) {{ return; }}",
                f"    {body}",
                "}",
            ]
        )
        self.stages.append(Stage(source, (*read, target), (across, down, 1)))

    def _access(self, buffer: int) -> str:
        return "read" if self.buffers[buffer].read_only else "read_write"

    def _buffer(self, size: int, lane: str, lanes: Array | None = None) -> int:
        self.buffers.append(Buffer(self._fitting(size), lane, lanes))
        return len(self.buffers) - 1

    def _fitting(self, size: int) -> int:
        words = max(size, 1)
        if 4 * words > self.max_bytes:
            raise UnsupportedOperator(
                "tensor", f"{4 * words} bytes exceed the adapter's {self.max_bytes}"
            )
        return words


def _place(found: re.Match[str], names: Mapping[int, str], inputs: Sequence[Value]) -> str:
    value = inputs[int(found[1])]
    assert value.buffer is not None
    start = f"{value.offset}u + " if value.offset else ""
    return f"{names[value.buffer]}[{start}"


def _require_lane(element: Element, bounds: Bounds) -> None:
    low, high = element.bounds
    if bounds[0] < low or bounds[1] > high:
        raise UnsupportedOperator(
            element.name, f"values from {bounds[0]} to {bounds[1]} do not fit 32 bits"
        )
