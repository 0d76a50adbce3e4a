"""Which elements the beacon asks for when a majority misses a job's data."""

from collections.abc import Sequence

from keeper.jobs.questions import QUESTIONS, Output, question, question_seed, seed_slot
from keeper.jobs.state import JobSnapshot
from keeper.roles.mirror import ChainMirror

Place = tuple[int, int]
"""Operator and element."""


def questions_of(
    mirror: ChainMirror, snapshot: JobSnapshot, outputs: Sequence[Output]
) -> tuple[Place, ...]:
    """The questions about a job, outputs being those of its graph; none before they are known."""
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
    covered = outputs[: judged.stages[-1].last]
    return tuple(question(seed, index, covered) for index in range(QUESTIONS))
