"""Random calls with odd shapes for any kernel, drawn from its manifest."""

import numpy as np
from hypothesis import strategies as st

from kernels.floating import Call, Kernel
from kernels.floating.conformance import draw_inputs, drawn_axes

EDGES = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64, 65)
MOST_ELEMENTS = 1 << 16
# A window has to fit into the image.
WINDOW = ("KH", "KW")
MOST_WINDOW = 3


@st.composite
def calls(draw: st.DrawFn, kernel: Kernel) -> Call:
    """Draws dimensions around powers of two, within the manifest's bounds, and tested settings."""
    dimensions: dict[str, int] = {}
    room = MOST_ELEMENTS
    for axis, bound in drawn_axes(kernel).items():
        most = MOST_WINDOW if axis in WINDOW else max(room, bound.low)
        admitted = [edge for edge in EDGES if bound.admits(edge) and edge <= most]
        dimensions[axis] = draw(st.sampled_from(admitted))
        room //= dimensions[axis]
    settings = {name: draw(st.sampled_from(each)) for name, each in kernel.settings.items()}
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Call(draw_inputs(kernel, dimensions, random), settings)
