"""The stages and buffers that a graph is lowered to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from kernels.onnx.tolerant.assembly import Place, Stage, stage
from kernels.onnx.tolerant.element import I32, Array, Bounds, Element
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.fusion import Group, fused
from kernels.onnx.tolerant.operation import Operation, Read, rewritten
from kernels.onnx.tolerant.value import Shape, Value

# Loops and functions count as the nodes that they unroll to.
MAX_NODES = 100_000
# Every WebGPU adapter can bind a buffer from a multiple of 256 bytes on.
ALIGNED_WORDS = 64
# Constants of at most so many words are compared with each other.
SHARED_WORDS = 1 << 12
LEAST_NORMAL, LARGEST = 2.0**-126, 3.4028234663852886e38


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


@dataclass(slots=True)
class Plan:
    """The stages to run, in order, and their buffers.

    pooled: constants share a buffer, whatever their type, so that few are bound. fusing:
    elementwise operations are computed by the kernels of those that they follow or precede.
    `stages` are there once `close` was called; buffers are those of the stages from then on.
    """

    max_bytes: int
    pooled: bool = False
    fusing: bool = True
    buffers: list[Buffer] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    nodes: int = 0
    _constants: dict[tuple[str, bytes], int] = field(default_factory=dict)

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
            value.buffer = self._hold(value.element.lane, value.element.to_lanes(array))
        return value.buffer

    def input(self, shape: Shape, element: Element) -> Value:
        """Returns a tensor that the caller of the run gives as lanes, with unknown values."""
        buffer = self._buffer(prod(shape), element.lane)
        self.buffers[buffer].given = True
        return Value(shape, element, buffer, bounds=element.bounds if element.is_wide else None)

    def close(self, wanted: Iterable[int]) -> None:
        """Turns the operations that the wanted buffers depend on into stages, fused."""
        kept = list(wanted)
        operations = _needed(self.operations, kept)
        groups = fused(operations, kept) if self.fusing else list(map(Group.of, operations))
        places = self._placed({read.buffer for group in groups for read in group.reads})
        for group in groups:
            target = group.root.target
            places[target] = Place(target, self.buffers[target].lane, read_only=False)
        self.stages = [stage(group, places) for group in groups]
        used = {at for each in self.stages for at in each.buffers} | set(kept)
        for at, buffer in enumerate(self.buffers):
            if at not in used and not buffer.given:
                buffer.words, buffer.lanes = 1, None

    def _placed(self, read: set[int]) -> dict[int, Place]:
        """Returns where the buffers are that stages read; constants move into their pools."""
        places: dict[int, Place] = {}
        pools: dict[int, list[Array]] = {}
        pool, offset = -1, 0
        for at in sorted(read):
            buffer = self.buffers[at]
            places[at] = Place(at, buffer.lane, buffer.read_only)
            if not self.pooled or buffer.lanes is None:
                continue
            lanes = buffer.lanes.view(np.float32)
            lanes = np.pad(lanes, (0, -lanes.size % ALIGNED_WORDS))
            if pool < 0 or 4 * (offset + lanes.size) > self.max_bytes:
                pool, offset = self._buffer(1, "f32", lanes[:0]), 0
                pools[pool] = []
            pools[pool].append(lanes)
            places[at] = Place(pool, buffer.lane, read_only=True, offset=offset)
            offset += lanes.size
        for pool, parts in pools.items():
            lanes = np.concatenate(parts)
            self.buffers[pool].lanes, self.buffers[pool].words = lanes, lanes.size
        return places

    def emit(
        self,
        inputs: Sequence[Value],
        shape: Shape,
        element: Element,
        code: str,
        bounds: Bounds | None = None,
        *,
        invocations: int | None = None,
        streamed: bool = False,
    ) -> Value:
        """Adds a kernel whose invocation i computes lane `r` of element i; $k names input k.

        With a number of invocations, the code itself writes all elements, as `$out[place] =
        value;`, and leaves out invocations beyond the last. `streamed` says that the code reads
        each element of the inputs once. Raises UnsupportedOperator when 64-bit integers are not
        proven to fit a lane, and when the output exceeds the adapter's buffers.
        """
        if element.is_wide:
            if bounds is None:
                raise UnsupportedOperator(element.name, "values are not proven to fit 32 bits")
            _require_lane(element, bounds)
        size = prod(shape)
        target = self._buffer(size, element.lane)
        if size:
            code = _with_literals(code, inputs)
            used = {int(at) for at in re.findall(r"\$v?(\d+)", code)}
            buffers = [self.upload(value) if at in used else -1 for at, value in enumerate(inputs)]
            written = (target, element, size)
            self.operations.append(Operation.of(code, buffers, written, invocations, streamed))
        return Value(shape, element, target, bounds=bounds)

    def _hold(self, lane: str, lanes: Array) -> int:
        """Returns the buffer of a constant; equal small ones share it."""
        if lanes.size > SHARED_WORDS:
            return self._buffer(lanes.size, lane, lanes)
        key = lane, lanes.tobytes()
        if key not in self._constants:
            self._constants[key] = self._buffer(lanes.size, lane, lanes)
        return self._constants[key]

    def _buffer(self, size: int, lane: str, lanes: Array | None = None) -> int:
        words = max(size, 1)
        if 4 * words > self.max_bytes:
            raise UnsupportedOperator(
                "tensor", f"{4 * words} bytes exceed the adapter's {self.max_bytes}"
            )
        self.buffers.append(Buffer(words, lane, lanes))
        return len(self.buffers) - 1


def _needed(operations: Sequence[Operation], wanted: Sequence[int]) -> list[Operation]:
    """Returns the operations that the wanted buffers depend on, in order."""
    needed, kept = set(wanted), []
    for operation in reversed(operations):
        if operation.target in needed:
            needed.update(read.buffer for read in operation.reads)
            kept.append(operation)
    return kept[::-1]


def _with_literals(code: str, inputs: Sequence[Value]) -> str:
    """Returns code with the only element of a constant in the place of each read of it."""
    found = {}
    for at, value in enumerate(inputs):
        if value.size == 1 and value.static and value.host is not None and value.buffer is None:
            literal = _literal(value.element.to_lanes(value.host()))
            if literal is not None:
                found[at] = literal

    def replaced(read: Read) -> str:
        text = f"${'v' if read.vector else ''}{read.buffer}[{read.index}]"
        return text if read.vector else found.get(read.buffer, text)

    return rewritten(code, range(len(inputs)), replaced) if found else code


def _literal(lanes: Array) -> str | None:
    """Returns WGSL of a constant of one element; None where a compiler might not keep its bits."""
    if lanes.size != 1:
        return None
    value = lanes[0]
    if lanes.dtype == np.float32:
        # Of a product with a literal zero, compilers make zero, even where the other is infinite.
        return f"({float(value)!r}f)" if LEAST_NORMAL <= abs(value) <= LARGEST else None
    if lanes.dtype == np.uint32:
        return f"{int(value)}u"
    return None if int(value) == I32[0] else f"({int(value)}i)"


def _require_lane(element: Element, bounds: Bounds) -> None:
    low, high = element.bounds
    if bounds[0] < low or bounds[1] > high:
        raise UnsupportedOperator(
            element.name, f"values from {bounds[0]} to {bounds[1]} do not fit 32 bits"
        )
