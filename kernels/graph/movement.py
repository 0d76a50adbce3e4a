"""Operators that only move elements: strided reads and concatenation."""

from itertools import accumulate
from math import prod
from operator import mul

from kernels.descriptor import GraphError, Reason, TensorSpec, Value
from kernels.exact.as_strided.operator import draft as as_strided
from kernels.graph.assembly import Assembly
from kernels.trace import Shape, shape4


def row_major_steps(shape: Shape) -> Shape:
    """Returns the elements from one index of each axis to the next."""
    inner = list(accumulate(reversed(shape[1:]), mul, initial=1))
    return inner[3], inner[2], inner[1], inner[0]


class Movement(Assembly):
    """Transpose, reshape and slice, each a view or one strided read."""

    def transpose(self, x: Value, order: tuple[int, int, int, int]) -> Value:
        """Returns x with axis order[k] as axis k, as a view where no element moves.

        Raises GraphError (BadShape) unless `order` is an order of the four axes.
        """
        if sorted(order) != [0, 1, 2, 3]:
            raise GraphError(Reason.BAD_SHAPE, f"{order} is no order of four axes")
        shape, steps = x.spec.shape, row_major_steps(x.spec.shape)
        return self._moved(x, [shape[at] for at in order], [steps[at] for at in order])

    def reshape(self, x: Value, shape: tuple[int, ...]) -> Value:
        """Returns the elements of x in row-major order, as a view where the bytes are the same.

        Raises GraphError (BadShape) when the shape has another number of elements.
        """
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
        """Returns sizes[k] elements of axis k, starting at starts[k], steps[k] apart.

        Raises GraphError (BadValue) when an axis is left.
        """
        for start, size, step, whole in zip(starts, sizes, steps, x.spec.shape, strict=True):
            if start < 0 or size < 1 or step < 1 or start + (size - 1) * step >= whole:
                raise GraphError(
                    Reason.BAD_VALUE, f"{size} from {start} by {step} leave an axis of {whole}"
                )
        inner = row_major_steps(x.spec.shape)
        offset = sum(map(mul, starts, inner))
        return self._moved(x, sizes, list(map(mul, steps, inner)), offset)

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
        return self.append(as_strided(x, wanted, tuple(steps), offset))
