"""The canonical bytes of a tensor: little-endian, row-major, rows at a fixed stride."""

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels import codes

Shape = tuple[int, int, int, int]
Array = npt.NDArray[Any]

WIDE_ROW = 256


class LayoutError(ValueError):
    """An array or a byte string has no canonical tensor form."""


class DType(IntEnum):
    """Element types, by their code in a descriptor."""

    INT8 = codes.Dtype.INT8
    INT32 = codes.Dtype.INT32

    @property
    def size(self) -> int:
        """Bytes per element."""
        return 1 if self is DType.INT8 else 4

    @property
    def numpy(self) -> np.dtype[Any]:
        """The little-endian NumPy type."""
        return np.dtype("<i1" if self is DType.INT8 else "<i4")

    @property
    def low(self) -> int:
        """Smallest value."""
        return int(np.iinfo(self.numpy).min)

    @property
    def high(self) -> int:
        """Largest value."""
        return int(np.iinfo(self.numpy).max)

    @classmethod
    def of(cls, array: Array) -> "DType":
        """Returns the code of an array's type; raises LayoutError unless it is int8 or int32."""
        for dtype in cls:
            if array.dtype == dtype.numpy:
                return dtype
        raise LayoutError(f"tensors are int8 or int32, not {array.dtype}")


def shape4(shape: tuple[int, ...]) -> Shape:
    """Returns a shape with leading ones: [M, K] becomes [1, 1, M, K].

    Raises LayoutError unless it has one to four axes, none of them empty.
    """
    if not 1 <= len(shape) <= 4:
        raise LayoutError(f"tensors have one to four axes, not {len(shape)}")
    padded = (1,) * (4 - len(shape)) + tuple(int(size) for size in shape)
    if min(padded) < 1:
        raise LayoutError(f"every axis has at least one element, shape is {shape}")
    return padded[0], padded[1], padded[2], padded[3]


def row_stride(row_bytes: int) -> int:
    """Returns the bytes from one row to the next: a power of two to 256, then multiples of 256."""
    if row_bytes <= WIDE_ROW:
        return 1 << (row_bytes - 1).bit_length()
    return -(-row_bytes // WIDE_ROW) * WIDE_ROW


def rows_and_stride(shape: Shape, dtype: DType) -> tuple[int, int]:
    """Returns the number of rows and their stride in bytes; a row is the last axis."""
    return shape[0] * shape[1] * shape[2], row_stride(shape[3] * dtype.size)


def stored_bytes(shape: Shape, dtype: DType) -> int:
    """Returns the length of the canonical bytes."""
    rows, stride = rows_and_stride(shape, dtype)
    return rows * stride


def pack(array: Array) -> npt.NDArray[np.uint8]:
    """Returns the canonical bytes of an int8 or int32 array as uint8[stored_bytes].

    Raises LayoutError for any other dtype or a shape that tensors cannot have.
    """
    dtype = DType.of(array)
    shape = shape4(array.shape)
    rows, stride = rows_and_stride(shape, dtype)
    row_bytes = shape[3] * dtype.size
    dense = np.ascontiguousarray(array).view(np.uint8).reshape(rows, row_bytes)
    if row_bytes == stride:
        return dense.reshape(-1)
    stored = np.zeros((rows, stride), np.uint8)
    stored[:, :row_bytes] = dense
    return stored.reshape(-1)


def unpack(stored: bytes | memoryview | Array, shape: Shape, dtype: DType) -> Array:
    """Returns the tensor that canonical bytes hold.

    Raises LayoutError when the length is wrong or a pad byte is not zero.
    """
    rows, stride = rows_and_stride(shape, dtype)
    data = np.frombuffer(stored, np.uint8)
    if data.size != rows * stride:
        raise LayoutError(f"{shape} of {dtype.name} takes {rows * stride} bytes, not {data.size}")
    table = data.reshape(rows, stride)
    row_bytes = shape[3] * dtype.size
    if table[:, row_bytes:].any():
        raise LayoutError("a pad byte is not zero")
    dense = np.ascontiguousarray(table[:, :row_bytes])
    return dense.view(dtype.numpy).reshape(shape)
