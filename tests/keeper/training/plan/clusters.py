"""Small graphs and clusters to plan for."""

import numpy as np
from hypothesis import strategies as st

from keeper.training.plan import Cluster, Link, Node
from kernels.graph import Graph, GraphBuilder

PLENTY = 1 << 30
ROWS = 6


def chain(widths: list[int], residual: bool = False) -> Graph:
    """A product and a requantisation a width; the last two products added where asked."""
    rng = np.random.default_rng(sum(widths))
    build = GraphBuilder()
    x = build.input((ROWS, widths[0]))
    product = None
    for width in widths[1:]:
        weights = rng.integers(-128, 128, (width, x.spec.shape[3]), np.int8)
        product = build.matmul(x, weights)
        x = build.requantise(product, 1, 8)
    if residual and product is not None:
        build.add(product, product)
    return build.build()


graphs = st.builds(
    chain, st.lists(st.sampled_from([1, 5, 16, 40, 200]), min_size=2, max_size=4), st.booleans()
)

clusters = st.builds(
    lambda speeds, bandwidth, latency: Cluster(
        tuple(Node(f"node {at}", speed, PLENTY) for at, speed in enumerate(speeds)),
        Link(bandwidth, latency),
    ),
    st.lists(st.sampled_from([1e6, 2e6, 5e6]), min_size=1, max_size=3),
    st.sampled_from([1e4, 1e6, 1e9]),
    st.sampled_from([0.0, 1e-5, 1e-3]),
)
