"""What the runner refuses, before it compiles anything."""

import re
from dataclasses import replace

import numpy as np
import pytest

from kernels.floating import Call, CallError, FeatureUnavailable, FloatRunner, library
from kernels.runtime import DeviceLimit

MATMUL = library()["matmul_f32"]


def ones(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.ones(shape, np.float32)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call([ones(3, 4)]), "matmul_f32 takes 2 arrays, not 1"),
        (Call([ones(3, 4), ones(5, 2)]), "matmul_f32: b has K = 5, not 4"),
        (Call([ones(3, 4), ones(4)]), "matmul_f32: b has 1 axes, not [K, N]"),
        (Call([ones(3, 0), ones(0, 4)]), "matmul_f32: K = 0 is not in 1..268435456"),
        (
            Call([ones(3, 4), ones(4, 2).astype(np.float64)]),
            "matmul_f32: b is float64, not float32",
        ),
        (Call([ones(3, 4), ones(4, 2)], {"alpha": 2.0}), "matmul_f32 has no setting 'alpha'"),
    ],
)
def test_call_that_does_not_fit_is_refused(runner: FloatRunner, call: Call, message: str) -> None:
    with pytest.raises(CallError, match=f"^{re.escape(message)}$"):
        runner.run(MATMUL, call)


def test_kernel_without_its_feature_is_refused(runner: FloatRunner) -> None:
    kernel = replace(MATMUL, features=("no-such-feature",))
    assert not runner.supports(kernel)
    message = f"matmul_f32 needs no-such-feature, which {runner.adapter.name} lacks"
    with pytest.raises(FeatureUnavailable, match=f"^{re.escape(message)}$"):
        runner.run(kernel, Call([ones(3, 4), ones(4, 2)]))


def test_array_above_the_adapters_limit_is_refused(runner: FloatRunner) -> None:
    room = min(
        runner.adapter.limits[name]
        for name in ("max-storage-buffer-binding-size", "max-buffer-size")
    )
    wide = np.broadcast_to(np.float32(1), (room // 4 + 4,))
    with pytest.raises(DeviceLimit, match=r"^copy_f32: x of \d+ bytes exceeds "):
        runner.run(library()["copy_f32"], Call([wide]))


def test_runs_of_one_call_do_not_see_each_other(runner: FloatRunner) -> None:
    for value in (1.0, 2.0):
        (found,) = runner.run(MATMUL, Call([ones(3, 5) * value, ones(5, 2)]))
        np.testing.assert_array_equal(found, np.full((3, 2), 5 * value, np.float32))


def test_inputs_are_not_changed(runner: FloatRunner) -> None:
    a, b = ones(3, 5), ones(5, 2)
    runner.run(MATMUL, Call([a, b]))
    assert (a == 1).all()
    assert (b == 1).all()
