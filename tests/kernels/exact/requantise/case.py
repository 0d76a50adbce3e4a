"""Random cases for the conformance of requantise."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import Case, finish, image


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both forms and dtypes, multipliers and shifts over their whole range."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    x = image(draw, build, DType.INT32)
    channels = x.spec.shape[3]
    multipliers = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**30, 2**31 - 1])
    shifts = st.integers(1, 62) | st.sampled_from([1, 31, 32, 33, 62])
    ends = st.integers(dtype.low, dtype.high)
    low, high = sorted((draw(ends), draw(ends)))
    extra: dict[str, Any] = {
        "dtype": dtype,
        "zero_point_out": draw(st.integers(-128, 127)),
        "clamp": draw(st.sampled_from([None, (low, high)])),
    }
    if draw(st.booleans()):
        lists = st.lists(multipliers, min_size=channels, max_size=channels)
        spans = st.lists(shifts, min_size=channels, max_size=channels)
        build.requantise(x, np.array(draw(lists)), np.array(draw(spans)), **extra)
    else:
        build.requantise(x, draw(multipliers), draw(shifts), **extra)
    return finish(draw, build)
