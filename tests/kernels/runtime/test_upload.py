"""Uploaded bytes have the same roots as on the host, however they are cut and packed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.runtime import Adapter, DeviceLost, GpuExecutor, upload
from kernels.trace import CommitmentError, stored_roots


def tensors(*sizes: int) -> list[bytes]:
    random = np.random.default_rng(sum(sizes))
    return [random.bytes(size) for size in sizes]


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=12))
def test_many_small_tensors_are_hashed_at_once(gpu: GpuExecutor, sizes: list[int]) -> None:
    found = tensors(*sizes)
    assert gpu.tensor_roots(found) == stored_roots(found)


@pytest.mark.parametrize(
    "sizes",
    [
        (1,),
        (255, 256, 257),
        (1024, 1025),
        (1023, 1, 1024, 3),
        (4096,),
        (4097, 200, 12_289),
        (5 * 1024 + 6, 8 * 1024, 1024),
    ],
)
def test_large_tensors_are_hashed_in_pieces(
    gpu: GpuExecutor, sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The buffer is made first, at its full size, because all users of the executor share it.
    gpu.tensor_roots([b"\1"])
    monkeypatch.setattr(upload, "PIECE_HEIGHT", 2)
    monkeypatch.setattr(upload, "PIECE_BYTES", 1024)
    found = tensors(*sizes)
    assert gpu.tensor_roots(found) == stored_roots(found)


def test_a_tensor_beyond_the_buffer_is_hashed(gpu: GpuExecutor) -> None:
    found = [bytes(300), *tensors(upload.PIECE_BYTES + 700), b"\1"]
    assert gpu.tensor_roots(found) == stored_roots(found)


def test_the_next_tensors_may_be_laid_out_alike(gpu: GpuExecutor) -> None:
    first, second = tensors(700, 300), [bytes(700), bytes([9]) * 300]
    for found in (first, second, first):
        assert gpu.tensor_roots(found) == stored_roots(found)


def test_no_tensors_have_no_roots_and_an_empty_one_is_refused(gpu: GpuExecutor) -> None:
    assert gpu.tensor_roots([]) == stored_roots([]) == []
    for hasher in (gpu.tensor_roots, stored_roots):
        with pytest.raises(CommitmentError, match="at least one leaf"):
            hasher([b"\1", b""])


def test_lost_device_is_reported(adapter: Adapter) -> None:
    own = GpuExecutor(adapter)
    own.tensor_roots([b"\1"])
    own._device.destroy()
    with pytest.raises(DeviceLost, match=r"lost"):
        own.tensor_roots([b"\1"])
