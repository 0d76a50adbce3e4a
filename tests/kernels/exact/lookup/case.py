"""Random cases for the conformance of lookup."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import Case, finish, image, int8


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Any table."""
    build = GraphBuilder()
    build.lookup(image(draw, build, DType.INT8), int8(draw, 256))
    return finish(draw, build)
