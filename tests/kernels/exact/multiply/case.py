"""Random cases for the conformance of multiply."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import Case, broadcast, finish, image, narrowing, other_operand


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Constant or computed, broadcast or not, of a tensor with itself, to int32 and int8."""
    build = GraphBuilder()
    a = image(draw, build, DType.INT8)
    itself = draw(st.booleans())
    shape = broadcast(draw, a.spec.shape)
    zero_point = st.integers(-128, 127)
    build.multiply(
        a,
        a if itself else other_operand(draw, build, shape, DType.INT8),
        zero_point_a=draw(zero_point),
        zero_point_b=draw(zero_point),
        to=draw(st.none() | narrowing()),
    )
    return finish(draw, build)
