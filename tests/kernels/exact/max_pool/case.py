"""Random cases for the conformance of max pool."""

from hypothesis import assume
from hypothesis import strategies as st

from kernels.graph import GraphBuilder, GraphError
from kernels.trace import DType
from tests.kernels.strategies import FEW, Case, finish, image


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Every window field."""
    build = GraphBuilder()
    x = image(draw, build, DType.INT8)
    kernel = draw(FEW), draw(FEW)
    padding = tuple(draw(st.integers(0, kernel[at % 2] - 1)) for at in range(4))
    try:
        build.max_pool(
            x,
            kernel,
            stride=(draw(FEW), draw(FEW)),
            padding=(padding[0], padding[1], padding[2], padding[3]),
        )
    except GraphError:
        assume(condition=False)
    return finish(draw, build)
