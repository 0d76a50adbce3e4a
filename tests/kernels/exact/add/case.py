"""Random cases for the conformance of add."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import Case, broadcast, finish, image, other_operand


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Constant or computed, broadcast or not, and of a tensor with itself."""
    build = GraphBuilder()
    a = image(draw, build, DType.INT32)
    itself = draw(st.booleans())
    shape = broadcast(draw, a.spec.shape)
    build.add(a, a if itself else other_operand(draw, build, shape, DType.INT32))
    return finish(draw, build)
