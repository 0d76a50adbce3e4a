"""Committed outputs as tensors, loaded when an operator reads them and dropped again."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import overload

import numpy as np

from kernels.graph import TensorSpec
from kernels.trace.layout import Array

HELD_BYTES = 1 << 27


class DirtyPaddingError(ValueError):
    """A pad byte of a committed output is not zero; `element` is its index in the leaf space."""

    def __init__(self, element: int) -> None:
        super().__init__(f"element {element} is padding and not zero")
        self.element = element


class Tensors(Sequence[Array]):
    """The outputs of a trace in their shapes, of which only the last used stay in memory."""

    def __init__(
        self,
        outputs: Sequence[bytes | None],
        specs: Sequence[TensorSpec],
        held_bytes: int = HELD_BYTES,
    ) -> None:
        """`outputs` are canonical bytes, which are read again whenever they are not held.

        At most `held_bytes` bytes of tensors are kept, or the last one where it alone has more.
        """
        self._outputs = outputs
        self._specs = specs
        self._held_bytes = held_bytes
        self._held: OrderedDict[int, Array] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._outputs)

    @overload
    def __getitem__(self, at: int) -> Array: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Array]: ...

    def __getitem__(self, at: int | slice) -> Array | Sequence[Array]:
        """Returns an output; raises DirtyPaddingError, and LookupError where it is missing."""
        if isinstance(at, slice):
            return [self[number] for number in range(len(self))[at]]
        if at not in self._held:
            self._hold(at, self._loaded(range(len(self))[at]))
        self._held.move_to_end(at)
        return self._held[at]

    def _loaded(self, number: int) -> Array:
        stored = self._outputs[number]
        if stored is None:
            raise LookupError(f"the output of operator {number} is missing")
        return _tensor(stored, self._specs[number])

    def _hold(self, number: int, tensor: Array) -> None:
        self._held[number] = tensor
        self._size += tensor.nbytes
        while self._size > self._held_bytes and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._size -= dropped.nbytes


def _tensor(stored: bytes, spec: TensorSpec) -> Array:
    """Returns the output in its shape; raises DirtyPaddingError at the first pad byte not zero."""
    table = np.frombuffer(stored, np.uint8).reshape(spec.rows, spec.stride)
    dirty_rows = np.flatnonzero(table[:, spec.row_bytes :].any(axis=1))
    if dirty_rows.size:
        row = int(dirty_rows[0])
        pad = spec.row_bytes + int(np.flatnonzero(table[row, spec.row_bytes :])[0])
        raise DirtyPaddingError((row * spec.stride + pad) // spec.dtype.size)
    dense = np.ascontiguousarray(table[:, : spec.row_bytes])
    return dense.view(spec.dtype.numpy).reshape(spec.shape)
