"""Random cases for the conformance of matmul."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import FEW, SIZES, Case, finish, int32, narrowing, other_operand


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Constant or computed B, one or a batch, with and without a bias, to int32 and int8."""
    build = GraphBuilder()
    m, n = draw(SIZES), draw(SIZES)
    k = draw(SIZES | st.sampled_from([255, 256, 257, 515]))
    batch = draw(st.just((1, 1)) | st.tuples(FEW, FEW))
    a = build.input((*batch, m, k))
    b = other_operand(draw, build, (*(batch if draw(st.booleans()) else (1, 1)), n, k), DType.INT8)
    bias = int32(draw, n) if draw(st.booleans()) else None
    build.matmul(a, b, bias, to=draw(st.none() | narrowing(n)))
    return finish(draw, build)
