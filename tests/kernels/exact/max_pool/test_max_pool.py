"""Max pool against its formula."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from tests.kernels.running import run


def test_windows_overlap_and_reach_into_the_padding(executor: Executor) -> None:
    random = np.random.default_rng(5)
    x = random.integers(-128, 0, (2, 5, 4, 3)).astype(np.int8)
    found = run(
        executor,
        lambda build, value: build.max_pool(value, (3, 2), stride=(1, 2), padding=(2, 1, 1, 1)),
        x,
    )
    assert found.shape == (2, 6, 3, 3)
    for n, oy, ox, c in np.ndindex(found.shape):
        rows = slice(max(oy - 2, 0), oy + 1)
        columns = slice(max(2 * ox - 1, 0), 2 * ox + 1)
        assert found[n, oy, ox, c] == x[n, rows, columns, c].max()


def test_padding_never_wins(executor: Executor) -> None:
    x = np.full((1, 2, 2, 1), -128, np.int8)
    found = run(
        executor, lambda build, value: build.max_pool(value, (2, 2), padding=(1, 1, 1, 1)), x
    )
    assert (found == -128).all()


def test_window_wholly_in_the_padding_is_refused() -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.max_pool(build.input((1, 4, 4, 1)), (2, 2), padding=(2, 0, 0, 0))
    assert caught.value.reason is Reason.BAD_WINDOW
