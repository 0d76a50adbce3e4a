"""Random cases for the conformance of depthwise."""

from hypothesis import assume
from hypothesis import strategies as st

from kernels.graph import GraphBuilder, GraphError
from kernels.trace import DType
from tests.kernels.strategies import FEW, Case, finish, image, int8, int32, window


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Every window field, pad value and zero point."""
    build = GraphBuilder()
    x = image(draw, build, DType.INT8)
    channels = x.spec.shape[3]
    try:
        build.depthwise(
            x,
            int8(draw, channels, draw(FEW), draw(FEW), 1),
            int32(draw, channels) if draw(st.booleans()) else None,
            **window(draw),
        )
    except GraphError:
        assume(condition=False)
    return finish(draw, build)
