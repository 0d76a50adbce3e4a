"""Tensors survive their canonical bytes, and other bytes are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.trace import DType, LayoutError, pack, row_stride, shape4, stored_bytes, unpack
from tests.kernels.strategies import arrays


@pytest.mark.parametrize(
    ("row", "stride"),
    [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (129, 256), (256, 256), (257, 512), (1000, 1024)],
)
def test_row_stride(row: int, stride: int) -> None:
    assert row_stride(row) == stride


def test_rows_are_padded_with_zeros() -> None:
    array = np.array([[1, 2, 3], [-1, -2, -3]], np.int8)
    assert pack(array).tobytes() == bytes([1, 2, 3, 0, 255, 254, 253, 0])


def test_elements_are_little_endian() -> None:
    assert pack(np.array([-2], np.int32)).tobytes() == b"\xfe\xff\xff\xff"


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(data=st.data(), dtype=st.sampled_from(DType))
def test_unpack_undoes_pack(data: st.DataObject, dtype: DType) -> None:
    sizes = st.integers(1, 6)
    shape = data.draw(st.tuples(sizes, sizes, sizes, st.integers(1, 300)))
    array = data.draw(arrays(shape, dtype))
    stored = pack(array)
    assert stored.size == stored_bytes(shape, dtype)
    np.testing.assert_array_equal(unpack(stored.tobytes(), shape, dtype), array)


def test_pad_byte_that_is_not_zero_is_refused() -> None:
    with pytest.raises(LayoutError, match=r"^a pad byte is not zero$"):
        unpack(bytes([1, 2, 3, 4]), (1, 1, 1, 3), DType.INT8)


def test_wrong_length_is_refused() -> None:
    with pytest.raises(LayoutError, match=r"takes 4 bytes, not 3$"):
        unpack(bytes(3), (1, 1, 1, 3), DType.INT8)


@pytest.mark.parametrize("shape", [(), (1, 1, 1, 1, 1), (2, 0)])
def test_shape_without_canonical_form_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(LayoutError):
        shape4(shape)


def test_floats_are_refused() -> None:
    with pytest.raises(LayoutError, match=r"^tensors are int8 or int32, not float64$"):
        pack(np.zeros(3))
