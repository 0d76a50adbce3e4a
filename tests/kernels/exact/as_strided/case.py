"""Random cases for the conformance of as strided."""

import numpy as np
from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import SIZES, Case, finish, image


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both dtypes, any steps and offset that stay inside."""
    build = GraphBuilder()
    x = image(draw, build, draw(st.sampled_from(DType)))
    left = int(np.prod(x.spec.shape)) - 1
    shape, steps = [draw(SIZES) for _ in range(4)], []
    for size in shape:
        step = draw(st.integers(0, left // (size - 1) if size > 1 else 2**32 - 1))
        steps.append(step)
        left -= (size - 1) * step
    build.as_strided(x, tuple(shape), tuple(steps), draw(st.integers(0, left)))
    return finish(draw, build)
