"""The demonstration's workloads, and the quality that their results must reach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kernels.graph import Graph
from kernels.models.digits import accuracy, graph, held_out
from kernels.trace.layout import Array

DIGITS = "digits"
MINILM = "minilm"
WANTED_ACCURACY = 0.96


@dataclass(frozen=True, slots=True)
class Workload:
    """A graph with its inputs; `quality` of the result is at least `wanted`, from 0 to 1."""

    graph: Graph
    inputs: Sequence[Array]
    measure: str
    wanted: float
    quality: Callable[[Array], float]


def digits() -> Workload:
    """Returns the digits network with all held-out images."""
    network, (images, labels) = graph(), held_out()
    return Workload(
        network,
        [images.reshape(network.inputs[0].shape)],
        "accuracy on held-out digits",
        WANTED_ACCURACY,
        lambda result: accuracy(result, labels),
    )


def minilm() -> Workload:
    """Returns the sentence transformer with four sentences.

    Raises MissingModelError if its extra is not installed.
    """
    # Loads onnxruntime, which no other workload needs.
    from keeper.lab.commands.demonstration.sentences import sentences  # noqa: PLC0415

    return sentences()


WORKLOADS: Mapping[str, Callable[[], Workload]] = {DIGITS: digits, MINILM: minilm}
