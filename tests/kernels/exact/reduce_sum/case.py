"""Random cases for the conformance of reduce sum."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import Case, finish, image


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both dtypes."""
    build = GraphBuilder()
    build.reduce_sum(image(draw, build, draw(st.sampled_from(DType))))
    return finish(draw, build)
