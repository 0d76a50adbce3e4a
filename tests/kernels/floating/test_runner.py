"""What the runner refuses before it compiles anything."""

import re
from dataclasses import replace

import numpy as np
import pytest

from kernels.floating import Call, CallError, FeatureUnavailable, FloatRunner, library
from kernels.floating.conformance import check, draw_inputs
from kernels.runtime import DeviceLimit, DeviceLost

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


def test_lost_device_is_reported(runner: FloatRunner) -> None:
    own = FloatRunner(runner.adapter)
    call = Call([ones(3, 5), ones(5, 2)])
    own.run(MATMUL, call)
    own.device.destroy()
    with pytest.raises(DeviceLost, match="^" + re.escape(runner.adapter.name)):
        own.run(MATMUL, call)


def test_inputs_are_not_changed(runner: FloatRunner) -> None:
    a, b = ones(3, 5), ones(5, 2)
    runner.run(MATMUL, Call([a, b]))
    assert (a == 1).all()
    assert (b == 1).all()


@pytest.mark.parametrize("points", [1, 2, 1024, 2048, 4096])
def test_fft_of_every_number_of_passes(runner: FloatRunner, points: int) -> None:
    random = np.random.default_rng(points)
    kernel = library()["fft_f32"]
    for inverse in (0, 1):
        inputs = draw_inputs(kernel, {"R": 2, "N": points}, random)
        check(runner, kernel, Call(inputs, {"inverse": inverse}))


def test_workgroup_memory_that_the_adapter_lacks_is_refused(runner: FloatRunner) -> None:
    kernel = library()["fft_f32"]
    adapter = runner.adapter
    limits = {**adapter.limits, "max-compute-workgroup-storage-size": 16384}
    smaller = FloatRunner(replace(adapter, limits=limits))
    message = f"fft_f32 needs 32768 bytes of workgroup memory, {adapter.name} has 16384"
    with pytest.raises(DeviceLimit, match=f"^{re.escape(message)}$"):
        smaller.run(kernel, Call([np.ones((1, 4096), np.complex64)]))


@pytest.mark.parametrize("columns", [512, 516, 1000, 1021, 1024, 1028])
def test_softmax_in_registers_and_beyond(runner: FloatRunner, columns: int) -> None:
    random = np.random.default_rng(columns)
    kernel = library()["softmax_f32"]
    check(runner, kernel, Call(draw_inputs(kernel, {"R": 9, "C": columns}, random)))


def test_softmax_without_subgroups(runner: FloatRunner) -> None:
    random = np.random.default_rng(9)
    kernel = library()["softmax_f32"]
    plain = FloatRunner(runner.adapter)
    plain.subgroup_size = 0
    for columns in (33, 1000, 1021):
        for tuning in ({"WORKGROUP": 64, "LANES": 8}, {"WORKGROUP": 64, "LANES": 64}):
            call = Call(draw_inputs(kernel, {"R": 5, "C": columns}, random))
            check(plain, kernel, call, tuning)
            check(runner, kernel, call, tuning)


def test_large_exponents_and_large_means(runner: FloatRunner) -> None:
    kernels = library()
    far = np.linspace(-3e4, 3e4, 77, dtype=np.float32)[None]
    check(runner, kernels["softmax_f32"], Call([far]))
    random = np.random.default_rng(4)
    raised = random.standard_normal((3, 77), np.float32) + np.float32(100)
    check(runner, kernels["layer_norm_f32"], Call([raised, *np.ones((2, 77), np.float32)]))
    (largest,) = runner.run(kernels["reduction_max_f32"], Call([far - np.float32(1e5)]))
    assert largest == np.float32(3e4) - np.float32(1e5)
