"""Operators that only move elements: strided reads and concatenation."""

from itertools import accumulate
from math import prod
from operator import mul

from kernels.graph.assembly import Assembly, Operand, Value
from kernels.graph.descriptor import ConstantSlot, Opcode
from kernels.graph.errors import GraphError, Reason
from kernels.graph.topology import TensorSpec
from kernels.trace import Shape, shape4


def row_major_steps(shape: Shape) -> Shape:
    """Elements from an index of each axis to the next."""
    inner = list(accumulate(reversed(shape[1:]), mul, initial=1))
    return inner[3], inner[2], inner[1], inner[0]


class Movement(Assembly):
    """What ONNX does with Transpose, Reshape, Slice, Expand and Concat."""

    def as_strided(
        self, x: Value, shape: tuple[int, ...], steps: tuple[int, ...], offset: int = 0
    ) -> Value:
        """Element i of the output is element offset + Σ i_k·step_k of x, row padding left out."""
        if len(shape) != len(steps):
            raise GraphError(Reason.BAD_SHAPE, f"{len(steps)} steps for {len(shape)} axes")
        padded = (0,) * (4 - len(steps)) + tuple(steps)
        return self._append(
            Opcode.AS_STRIDED,
            x.spec.dtype,
            x,
            free=shape4(shape),
            steps=(padded[0], padded[1], padded[2], padded[3]),
            offset=offset,
        )

    def transpose(self, x: Value, order: tuple[int, int, int, int]) -> Value:
        """Axis k of the output is axis order[k] of x; a view where no element moves."""
        if sorted(order) != [0, 1, 2, 3]:
            raise GraphError(Reason.BAD_SHAPE, f"{order} is no order of four axes")
        shape, steps = x.spec.shape, row_major_steps(x.spec.shape)
        return self._moved(x, [shape[at] for at in order], [steps[at] for at in order])

    def reshape(self, x: Value, shape: tuple[int, ...]) -> Value:
        """The elements of x in row-major order; a view where the bytes are the same."""
        wanted = shape4(shape)
        if prod(wanted) != prod(x.spec.shape):
            raise GraphError(Reason.BAD_SHAPE, f"{x.spec.shape} does not fill {wanted}")
        return self._moved(x, wanted, row_major_steps(wanted))

    def slice(
        self,
        x: Value,
        starts: tuple[int, int, int, int],
        sizes: tuple[int, int, int, int],
        steps: tuple[int, int, int, int] = (1, 1, 1, 1),
    ) -> Value:
        """sizes[k] elements of axis k, from starts[k] on, steps[k] apart."""
        for start, size, step, whole in zip(starts, sizes, steps, x.spec.shape, strict=True):
            if start < 0 or size < 1 or step < 1 or start + (size - 1) * step >= whole:
                raise GraphError(
                    Reason.BAD_VALUE, f"{size} from {start} by {step} leave an axis of {whole}"
                )
        inner = row_major_steps(x.spec.shape)
        offset = sum(map(mul, starts, inner))
        return self._moved(x, sizes, list(map(mul, steps, inner)), offset)

    def concat(self, a: Value, b: Operand, axis: int) -> Value:
        """A, then B, constant or computed, along an axis 0..3; the other axes are equal."""
        return self._append(Opcode.CONCAT, a.spec.dtype, a, {ConstantSlot.WEIGHTS: b}, axis=axis)

    def _moved(
        self, x: Value, shape: list[int] | Shape, steps: list[int] | Shape, offset: int = 0
    ) -> Value:
        wanted = shape4(tuple(shape))
        used = (step for size, step in zip(wanted, steps, strict=True) if size > 1)
        dense = (
            step for size, step in zip(wanted, row_major_steps(wanted), strict=True) if size > 1
        )
        in_place = prod(wanted) == prod(x.spec.shape) and list(used) == list(dense)
        if in_place and x.spec.same_bytes(TensorSpec(wanted, x.spec.dtype)):
            return self.view(x, wanted)
        return self.as_strided(x, wanted, tuple(steps), offset)
