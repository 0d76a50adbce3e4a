"""Plays every instruction of the tolerant class at least once, at its dearest."""

from collections.abc import Sequence
from typing import Final

from keeper.amounts import NLOV
from keeper.lab.market import tasks
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import Sandbox
from keeper.lab.market.tasks import PostedTask
from kernels.custom.codes import Element
from neurolov_client import redundancy

_FUNDS: Final = 100 * NLOV
_MOST: Final = redundancy.MAX_TASK_RUNS


def play_tasks(sandbox: Sandbox) -> None:
    """Plays tasks that end in every way, with as many runs as there can be."""
    buyer, crank = sandbox.actor("task buyer", tokens=_FUNDS), sandbox.actor("task crank")
    members = tasks.providers(sandbox, _MOST)
    for task in (
        _settled(sandbox, buyer, crank, members),
        _undecided(sandbox, buyer, crank, members),
        _silent(sandbox, buyer, crank, members),
    ):
        held = tasks.stored(sandbox, task)
        for run, owner in enumerate(members[: held.joined]):
            tasks.release(sandbox, task, run, owner)
        tasks.empty_escrow(sandbox, task, [buyer, crank, *members])
        tasks.close(sandbox, task)


def _settled(sandbox: Sandbox, buyer: Actor, crank: Actor, members: Sequence[Actor]) -> PostedTask:
    """Seven outputs that differ and agree, so that every possible set is examined."""
    task = tasks.post(sandbox, buyer, n=_MOST, max_runs=_MOST)
    tasks.run(sandbox, task, {owner: output for output, owner in enumerate(members)})
    for run, owner in enumerate(members):
        others = [other for other in range(_MOST) if other != run]
        sandbox.send(tasks.comparing(task, owner, *others), signers=[owner])
    tasks.decide(sandbox, crank, task)
    return task


def _undecided(
    sandbox: Sandbox, buyer: Actor, crank: Actor, members: Sequence[Actor]
) -> PostedTask:
    """Seven outputs of which none agree, so that half of every price is burned."""
    task = tasks.post(
        sandbox,
        buyer,
        n=_MOST,
        max_runs=_MOST,
        element=Element.BYTES,
        tolerance=tasks.EXACT,
    )
    tasks.run(sandbox, task, {owner: output for output, owner in enumerate(members)})
    tasks.decide(sandbox, crank, task)
    return task


def _silent(sandbox: Sandbox, buyer: Actor, crank: Actor, members: Sequence[Actor]) -> PostedTask:
    """Four providers join, the last one is freed, and one of the others is silent."""
    task = tasks.post(sandbox, buyer, n=5, max_runs=5)
    for owner in members[:4]:
        tasks.join(sandbox, owner, task)
    sandbox.warp_to(tasks.stored(sandbox, task).deadline + 1)
    closing = tasks.closing_joining(sandbox, task, crank)
    sandbox.send(closing, signers=[crank])
    outputs = dict.fromkeys(members[:2], 1)
    tasks.commit(sandbox, task, outputs)
    tasks.expire(sandbox, crank, task, 2, members[2])
    tasks.reveal(sandbox, task, outputs)
    tasks.decide(sandbox, crank, task)
    return task
