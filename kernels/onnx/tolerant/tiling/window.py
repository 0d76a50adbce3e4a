"""How a window moves over the spatial axes of an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kernels.onnx.tolerant.element import ELEMENTS, INT32
from kernels.onnx.tolerant.value import Value, on_host


@dataclass(frozen=True, slots=True)
class Window:
    """How a window moves over the spatial axes."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def lengths(self, spatial: Sequence[int], ceiling: bool = False) -> tuple[int, ...]:
        """Returns output lengths; with ceiling, a last window may begin inside and end outside."""
        found = []
        for at, length in enumerate(spatial):
            reach = self.dilations[at] * (self.kernel[at] - 1) + 1
            room = length + self.before[at] + self.after[at] - reach
            count = -(-room // self.strides[at]) if ceiling else room // self.strides[at]
            if ceiling and count * self.strides[at] >= length + self.before[at]:
                count -= 1
            found.append(count + 1)
        return tuple(found)

    @property
    def planar(self) -> "Window":
        """The same window over two axes, where it has one."""
        if len(self.kernel) == 2:
            return self
        return Window(
            (1, *self.kernel), (1, *self.strides), (1, *self.dilations), (0, *self.before),
            (0, *self.after),
        )  # fmt: skip


def numbers(*values: int) -> Value:
    """Returns a constant of int32, from which a kernel reads its shapes."""
    return on_host(np.array(values, np.int32), ELEMENTS[INT32], static=True)


def fits_i32(*sizes: int) -> bool:
    """Returns whether indices into tensors of these sizes fit int32."""
    return max(sizes) < 1 << 31
