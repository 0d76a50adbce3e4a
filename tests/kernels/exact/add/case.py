"""Random cases for the conformance of add."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import SHIFTS, Case, broadcast, clamps, finish, image, other_operand


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Constant or computed, broadcast or not, of a tensor with itself, of int32 and int8."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    a = image(draw, build, dtype)
    shape = broadcast(draw, a.spec.shape)
    b = a if draw(st.booleans()) else other_operand(draw, build, shape, dtype)
    if dtype is DType.INT32:
        build.add(a, b)
    else:
        low, high = DType.INT32.low, DType.INT32.high
        factor = st.integers(low, high) | st.sampled_from([low, -1, 0, 1, 1 << 30, high])
        point = st.integers(-128, 127)
        build.add_int8(
            a,
            b,
            (draw(factor), draw(factor)),
            draw(SHIFTS),
            zero_point_a=draw(point),
            zero_point_b=draw(point),
            zero_point_out=draw(point),
            clamp=draw(clamps()),
        )
    return finish(draw, build)
