"""Random cases for the conformance of concat."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import SIZES, Case, finish, image, other_operand


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both dtypes, every axis, constant or computed, and of a tensor with itself."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    a = image(draw, build, dtype)
    axis = draw(st.integers(0, 3))
    shape = list(a.spec.shape)
    shape[axis] = draw(SIZES)
    itself = draw(st.booleans())
    build.concat(a, a if itself else other_operand(draw, build, tuple(shape), dtype), axis)
    return finish(draw, build)
