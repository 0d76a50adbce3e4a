"""Random cases for the conformance of convolution."""

from hypothesis import assume
from hypothesis import strategies as st

from kernels.graph import GraphBuilder, GraphError
from kernels.trace import DType
from tests.kernels.strategies import FEW, SIZES, Case, finish, image, int8, int32, narrowing, window


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Every window field, pad value and zero point, to int32 and int8."""
    build = GraphBuilder()
    x = image(draw, build, DType.INT8)
    channels = draw(SIZES)
    kernel = draw(FEW), draw(FEW)
    weights = int8(draw, channels, *kernel, x.spec.shape[3])
    try:
        build.convolution(
            x,
            weights,
            int32(draw, channels) if draw(st.booleans()) else None,
            to=draw(st.none() | narrowing(channels)),
            **window(draw, x, kernel),
        )
    except GraphError:
        assume(condition=False)
    return finish(draw, build)
