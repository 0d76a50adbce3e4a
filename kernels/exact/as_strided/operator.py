"""Elements read at steps: transpose, reshape, slice and broadcast."""

from collections.abc import Sequence
from math import prod

import numpy as np

from kernels.codes import Opcode
from kernels.descriptor import Descriptor, GraphError, Reason, Signature, Value
from kernels.descriptor.signature import NARROW, WIDE
from kernels.exact.element import Place, Stored, coordinates
from kernels.exact.operator import Draft, Notes, Operator
from kernels.trace import Array, Shape, shape4


class AsStrided(Operator):
    """Element offset + Σ i_k·step_k of the input, row padding left out."""

    opcode = Opcode.AS_STRIDED
    signature = Signature((NARROW, WIDE), fields=("steps", "offset"))
    notes = Notes(
        inputs="x",
        output="`out[i] = x_flat[offset + Σ i_k·step_k]`, x_flat being x's elements row-major "
        "without padding; any shape. It is transpose, reshape, slice and broadcast",
        operand_bytes="dtype size",
        runs="1",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the elements read, int8 or int32; the descriptor's rules keep them inside x."""
        flat = np.ascontiguousarray(operands[0]).reshape(-1)[descriptor.offset :]
        steps = [step * flat.itemsize for step in descriptor.steps]
        return np.lib.stride_tricks.as_strided(flat, descriptor.output_shape, steps).copy()

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the output's own shape, which is free."""
        return (descriptor.output_shape,)

    def check_shapes(self, descriptor: Descriptor) -> None:
        """Raises GraphError (BadValue) when the last element read is not one of x's."""
        elements = prod(descriptor.input_shapes[0])
        last = descriptor.offset + sum(
            (size - 1) * step
            for size, step in zip(descriptor.output_shape, descriptor.steps, strict=True)
        )
        if last >= elements:
            raise GraphError(Reason.BAD_VALUE, f"element {last} is read, the input has {elements}")

    def source(self, descriptor: Descriptor, place: Place, position: int) -> Place | None:
        """Returns the element of x that is read."""
        at = coordinates(descriptor.output_shape, place)
        steps = zip(at, descriptor.steps, strict=True)
        flat = descriptor.offset + sum(index * step for index, step in steps)
        return Place(*divmod(flat, descriptor.input_shapes[0][3]))

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the element that is read."""
        return int(self.read(descriptor, place, operands)[0][0].item())


def draft(x: Value, shape: tuple[int, ...], steps: tuple[int, ...], offset: int = 0) -> Draft:
    """Element i of the output is element offset + Σ i_k·step_k of x, row padding left out.

    Raises GraphError (BadShape) unless there is one step per axis.
    """
    if len(shape) != len(steps):
        raise GraphError(Reason.BAD_SHAPE, f"{len(steps)} steps for {len(shape)} axes")
    padded = (0,) * (4 - len(steps)) + tuple(steps)
    return Draft(
        Opcode.AS_STRIDED,
        x.spec.dtype,
        x,
        free=shape4(shape),
        fields={"steps": (padded[0], padded[1], padded[2], padded[3]), "offset": offset},
    )


OPERATOR = AsStrided()
