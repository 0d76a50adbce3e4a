"""Random cases for the conformance of gather."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import FEW, SIZES, Case, finish, other_operand


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both dtypes of the table, constant or computed; indices inside and outside."""
    build = GraphBuilder()
    indices = build.input((draw(FEW), draw(SIZES), draw(FEW), 1), DType.INT32)
    rows = draw(SIZES)
    shape = (rows, draw(SIZES | st.just(300)))
    build.gather(indices, other_operand(draw, build, shape, draw(st.sampled_from(DType))))
    graph, inputs = finish(draw, build)
    if draw(st.booleans()):
        inputs[0] = inputs[0] % (2 * rows) - 1
    return graph, inputs
