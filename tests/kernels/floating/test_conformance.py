"""Every float kernel and its naive twin agree with NumPy within the manifest's tolerance."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kernels.floating import Call, CallError, FloatRunner, Kernel, library
from kernels.floating.conformance import Mismatch, check, compare, draw_inputs, drawn_axes, expected
from kernels.tuning import Space
from tests.kernels.floating.calls import EDGES, calls

KERNELS = [pytest.param(kernel, id=name) for name, kernel in library().items()]


def agree(runner: FloatRunner, kernel: Kernel, data: st.DataObject) -> None:
    """Checks the conformance of one kernel, from any folder."""
    if not runner.supports(kernel):
        pytest.skip(f"{runner.adapter.name} lacks {kernel.features}")
    call = data.draw(calls(kernel))
    try:
        kernel.resolve(call)
    except CallError:
        assume(False)
    tuning = data.draw(st.sampled_from(list(Space.parse(kernel.tuning).points())[:4]))
    check(runner, kernel, call, tuning)
    check(runner, kernel, call, naive=True)


@pytest.mark.parametrize("kernel", KERNELS)
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_kernel_agrees_with_its_twin(
    runner: FloatRunner, kernel: Kernel, data: st.DataObject
) -> None:
    agree(runner, kernel, data)


@pytest.mark.parametrize("kernel", KERNELS)
def test_comparison_finds_a_wrong_element(kernel: Kernel) -> None:
    random = np.random.default_rng(1)
    call = _call(kernel, random)
    twins = expected(kernel, call)
    compare(kernel, twins, twins)
    broken = [array.copy() for array in twins]
    broken[-1].flat[-1] += 1.0
    with pytest.raises(Mismatch, match=rf"^{kernel.name}: \w+\["):
        compare(kernel, twins, broken)
    broken[-1].flat[-1] = np.nan
    with pytest.raises(Mismatch, match=rf"^{kernel.name}: \w+\["):
        compare(kernel, twins, broken)


def _call(kernel: Kernel, random: np.random.Generator) -> Call:
    dimensions = {
        axis: next(edge for edge in EDGES[3:] if bound.admits(edge))
        for axis, bound in drawn_axes(kernel).items()
    }
    return Call(draw_inputs(kernel, dimensions, random))
