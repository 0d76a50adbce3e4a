"""Random cases for the conformance of softmax."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import FEW, SIZES, Case, finish


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both dtypes; scales from all equal to one-hot, and any others."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    size = draw(SIZES | st.sampled_from([300, 2048]))
    x = build.input((1, draw(FEW), draw(FEW), size), dtype)
    usual = st.integers(1, 14) if dtype is DType.INT8 else st.integers(18, 34)
    shift = draw(usual | st.sampled_from([1, 31, 32, 33, 61, 62]))
    multiplier = st.integers(1, 1 << 16) | st.sampled_from([1, 2**30, 2**31 - 1])
    build.softmax(x, draw(multiplier), shift)
    return finish(draw, build)
