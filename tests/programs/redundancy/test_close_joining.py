import pytest

from idl.client import escrow, redundancy
from idl.client.bindings.redundancy import State
from keeper.lab.market.tasks import PostedTask, decide, join, joining, post, run, stored
from tests.programs.redundancy.test_initialize import PARAMS
from tests.world import NLOV, Actor, World, unsigned


@pytest.mark.parametrize(
    ("joined", "state"), [(0, State.CANCELLED), (1, State.CANCELLED), (2, State.RUNNING)]
)
def test_as_many_as_must_agree_are_enough(
    *,
    world: World,
    task: PostedTask,
    members: list[Actor],
    cranker: Actor,
    joined: int,
    state: State,
) -> None:
    for owner in members[:joined]:
        join(world, owner, task)
    world.warp_to(stored(world, task).deadline + 1)
    closing = redundancy.close_joining(cranker=cranker.key, task=task.address)
    sent = world.send(closing, signers=[cranker])
    held, purse = stored(world, task), world.fetch(escrow.Escrow, task.escrow)
    assert held.state == state
    event = sent.only(redundancy.JoiningClosed)
    assert (event.state, event.joined) == (state, joined)
    if state == State.RUNNING:
        assert (held.n, held.k) == (2, 2)
        assert held.deadline == world.slot + PARAMS.run_slots
        assert (purse.state, event.credited) == (0, 0)
    else:
        assert (purse.state, purse.credited, purse.fee) == (1, NLOV // 100, 0)
        assert event.credited == NLOV // 100
    assert sent.units <= 40_000


@pytest.mark.parametrize(("newcomers", "state"), [(0, State.UNDECIDED), (1, State.RUNNING)])
def test_an_extension_needs_somebody_new(
    *,
    world: World,
    task: PostedTask,
    members: list[Actor],
    cranker: Actor,
    newcomers: int,
    state: State,
) -> None:
    run(world, task, dict(zip(members, (1, 2, 3), strict=False)))
    decide(world, cranker, task)
    for owner in members[3 : 3 + newcomers]:
        join(world, owner, task)
    world.warp_to(stored(world, task).deadline + 1)
    closing = redundancy.close_joining(cranker=cranker.key, task=task.address)
    world.send(closing, signers=[cranker])
    held = stored(world, task)
    assert (held.state, held.k, held.joined) == (state, 3, 3 + newcomers)


def test_refuses_up_to_the_deadline(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    """In the deadline's slot a provider may still join."""
    closing = redundancy.close_joining(cranker=cranker.key, task=task.address)
    world.warp_to(stored(world, task).deadline)
    world.fails("DeadlineAhead", closing, signers=[cranker])
    world.send(joining(task, members[0]), signers=[members[0]])
    world.warp(1)
    world.send(closing, signers=[cranker])


def test_attack_15_joining_is_closed_once(world: World, task: PostedTask, cranker: Actor) -> None:
    closing = redundancy.close_joining(cranker=cranker.key, task=task.address)
    world.warp_to(stored(world, task).deadline + 1)
    world.send(closing, signers=[cranker])
    world.fails("WrongState", closing, signers=[cranker])


def test_refuses_another_tasks_escrow(
    world: World, task: PostedTask, buyer: Actor, cranker: Actor
) -> None:
    other = post(world, buyer)
    world.warp_to(stored(world, other).deadline + 1)
    closing = redundancy.close_joining(cranker=cranker.key, task=task.address, escrow=other.escrow)
    world.fails("WrongEscrow", closing, signers=[cranker])


def test_attack_01_the_cranker_must_sign(world: World, task: PostedTask, cranker: Actor) -> None:
    closing = redundancy.close_joining(cranker=cranker.key, task=task.address)
    world.fails("AccountNotSigner", unsigned(closing, cranker.key))
