"""Which elements the beacon asks for when a job's data are missed."""

from itertools import accumulate

from keeper.exact.decisions.questions import question, question_seed, seed_slot
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.mirror import View
from keeper.node.mirror import Mirror
from kernels.graph import Graph
from neurolov_client.bindings.verdict import QUESTIONS

ElementPosition = tuple[int, int]
"""Operator and element."""


def questions_of(
    mirror: Mirror[View], snapshot: JobSnapshot, graph: Graph
) -> tuple[ElementPosition, ...]:
    """Returns the questions about a job of this graph; none before they are known."""
    judged = snapshot.verdict
    if judged is None or judged.availability is None or not judged.stages:
        return ()
    seed = judged.availability.seed
    if seed is None:
        try:
            value = mirror.beacon(seed_slot(judged.availability.asked_slot, mirror.view.slot))
        except (LookupError, ValueError):
            return ()
        if value is None:
            return ()
        seed = question_seed(value, snapshot.job.address)
    last = judged.stages[-1].last
    outputs = [(each.shape, each.dtype) for each in graph.outputs[:last]]
    work = list(accumulate(each.multiply_adds for each in graph.descriptors[:last]))
    return tuple(question(seed, index, outputs, work) for index in range(QUESTIONS))
