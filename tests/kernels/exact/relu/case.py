"""Random cases for the conformance of relu."""

from hypothesis import strategies as st

from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import Case, finish, image


@st.composite
def case(draw: st.DrawFn) -> Case:
    """Both dtypes, any clamp, zero outside the range included."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    x = image(draw, build, dtype)
    bounds = st.integers(dtype.low, dtype.high)
    build.relu(x, *sorted((draw(bounds), draw(bounds))))
    return finish(draw, build)
