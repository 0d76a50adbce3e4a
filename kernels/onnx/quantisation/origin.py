"""Where along a graph an error enters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kernels.onnx.exact import Node
from kernels.onnx.quantisation.accuracy import MOST_DB, ExactRun, Gap
from kernels.trace.layout import Array

EIGHT_BITS_DB = 50.0
"""The signal-to-noise ratio of numbers that are spread evenly over 8 bits."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The operator whose result loses most of the signal-to-noise ratio of what it reads."""

    operator: str
    tensor: str
    before_db: float
    after_db: float

    @property
    def line(self) -> str:
        """The origin in one sentence."""
        return (
            f"the error enters at {self.operator}: {self.before_db:.1f} dB before it, "
            f"{self.after_db:.1f} dB after it"
        )


def origin_of(run: ExactRun, wanted: Mapping[str, Array]) -> Origin | None:
    """Returns where an exact run loses most against the model's own tensors, by name.

    What an operator reads counts as exact where the model computes it from constants alone. Returns
    None where no tensor of the run is known.
    """
    ratios: dict[str, float] = {}
    floors = run.lowered.network.floors
    for name in wanted:
        for found in run.tensors((name,)).values():
            if found.shape == wanted[name].shape:
                gap = Gap()
                floor = floors.get(name, -np.inf)
                gap.add(np.maximum(found, floor), np.maximum(wanted[name], floor))
                ratios[name] = gap.snr_db
    drops = [
        Origin(node.label, output, _least(node, ratios), ratios[output])
        for node in run.lowered.network.nodes
        for output in node.outputs
        if output in ratios
    ]
    return max(drops, key=_drop, default=None)


def _least(node: Node, ratios: Mapping[str, float]) -> float:
    return min((ratios[name] for name in node.inputs if name in ratios), default=MOST_DB)


def _drop(each: Origin) -> float:
    # A tensor that is exact by chance loses nothing that matters when it is rounded to 8 bits.
    return min(each.before_db, EIGHT_BITS_DB) - each.after_db
