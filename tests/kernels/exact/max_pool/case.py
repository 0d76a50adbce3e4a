"""Random cases for the conformance of max pool."""

from hypothesis import assume
from hypothesis import strategies as st

from kernels.graph import GraphBuilder, GraphError
from kernels.trace import DType
from tests.kernels.strategies import FEW, Case, finish, image, padding


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Every window field."""
    build = GraphBuilder()
    x = image(draw, build, DType.INT8)
    kernel = draw(FEW), draw(FEW)
    try:
        build.max_pool(
            x,
            kernel,
            stride=(draw(FEW), draw(FEW)),
            padding=padding(draw, (x.spec.shape[1], x.spec.shape[2]), kernel),
        )
    except GraphError:
        assume(condition=False)
    return finish(draw, build)
