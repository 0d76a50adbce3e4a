"""Random cases for the conformance of layer norm."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import FEW, SIZES, Case, finish, int32


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Any gamma and beta; rows of one value, small ones and extremes."""
    build = GraphBuilder()
    size = draw(SIZES | st.sampled_from([300, 1984]))
    x = build.input((1, draw(FEW), draw(FEW), size), DType.INT32)
    shift = draw(st.integers(16, 34) | st.sampled_from([1, 31, 32, 33, 61, 62]))
    build.layer_norm(x, int32(draw, size), int32(draw, size), shift)
    graph, inputs = finish(draw, build)
    limit = draw(st.sampled_from([1, 3, 200, 1 << 15, 1 << 32]))
    return graph, [inputs[0] % limit if limit < 1 << 32 else inputs[0]]
