import pytest

from keeper.lab.market.stakers import appoint
from keeper.lab.market.tasks import (
    EXACT,
    PostedTask,
    commit,
    decide,
    expire,
    join,
    post,
    reveal,
    run,
    stored,
)
from keeper.lab.market.tasks import comparing as saying
from neurolov_client import redundancy
from neurolov_client.bindings.redundancy import Element, State
from tests.world import Actor, World, unsigned


def test_records_who_agrees(world: World, comparing: PostedTask, runners: list[Actor]) -> None:
    sent = world.send(saying(comparing, runners[1], 0, 2), signers=[runners[1]])
    held = stored(world, comparing)
    assert (held.runs[1].agrees, held.runs[1].compared) == (0b101, 1)
    assert held.state == State.COMPARING
    event = sent.only(redundancy.RunCompared)
    assert (event.run, event.provider, event.agrees) == (1, runners[1].key, 0b101)
    assert event.envelope.sequence == held.sequence
    assert sent.units <= 10_000


def test_the_last_comparison_ends_comparing(
    world: World, comparing: PostedTask, runners: list[Actor]
) -> None:
    for runner in runners:
        world.send(saying(comparing, runner), signers=[runner])
    assert stored(world, comparing).state == State.DECIDING


def test_the_deadline_is_the_last_slot(
    world: World, comparing: PostedTask, runners: list[Actor]
) -> None:
    world.warp_to(stored(world, comparing).deadline)
    world.send(saying(comparing, runners[0], 1), signers=[runners[0]])
    world.warp(1)
    world.fails("DeadlinePassed", saying(comparing, runners[1], 0), signers=[runners[1]])


def test_refuses_a_second_comparison(
    world: World, comparing: PostedTask, runners: list[Actor]
) -> None:
    world.send(saying(comparing, runners[0], 1), signers=[runners[0]])
    world.fails("AlreadyCompared", saying(comparing, runners[0], 2), signers=[runners[0]])


@pytest.mark.parametrize("named", [(0,), (1, 3), (6,), (7,), (0, 1, 2)])
def test_refuses_itself_and_runs_that_are_none(
    world: World, comparing: PostedTask, runners: list[Actor], named: tuple[int, ...]
) -> None:
    attempt = saying(comparing, runners[0], *named)
    world.fails("InvalidAgreement", attempt, signers=[runners[0]])


def test_refuses_a_run_that_was_silent(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    first, second, silent = runners
    commit(world, running, {first: 1, second: 2})
    expire(world, cranker, running, 2, silent)
    reveal(world, running, {first: 1, second: 2})
    world.fails("InvalidAgreement", saying(running, first, 2), signers=[first])
    world.fails("NotRevealed", saying(running, silent, 0), signers=[silent])
    world.send(saying(running, first, 1), signers=[first])


def test_all_compare_again_with_newcomers(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    runners = members[:5]
    run(world, task, dict(zip(runners, (1, 2, 3), strict=False)))
    world.send(saying(task, runners[0], 1), signers=[runners[0]])
    decide(world, cranker, task)
    run(world, task, dict(zip(runners[3:], (4, 5), strict=True)))
    agreement = {0: (3, 4), 3: (0, 4), 4: (0, 3)}
    for index, others in agreement.items():
        world.send(saying(task, runners[index], *others), signers=[runners[index]])
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid) == (State.SETTLED, 0b11001)


def test_refuses_before_all_are_revealed(
    world: World, revealing: PostedTask, runners: list[Actor]
) -> None:
    world.fails("WrongState", saying(revealing, runners[0], 1), signers=[runners[0]])


def test_bytes_are_never_compared(world: World, buyer: Actor, runners: list[Actor]) -> None:
    task = post(world, buyer, element=Element.BYTES, tolerance=EXACT)
    for runner in runners:
        join(world, runner, task)
    outputs = dict(zip(runners, (1, 2, 3), strict=True))
    commit(world, task, outputs)
    reveal(world, task, outputs)
    world.fails("WrongState", saying(task, runners[0], 1), signers=[runners[0]])


def test_refuses_an_owner_that_has_not_joined(
    world: World, comparing: PostedTask, members: list[Actor]
) -> None:
    world.fails("NotJoined", saying(comparing, members[3], 0), signers=[members[3]])


def test_an_operator_compares_for_the_owner(
    world: World, comparing: PostedTask, runners: list[Actor], operator: Actor
) -> None:
    report = saying(comparing, runners[0], 2, operator=operator)
    world.fails("NotOperator", report, signers=[operator])
    appoint(world, runners[0], operator, 0)
    sent = world.send(report, signers=[operator])
    assert sent.only(redundancy.RunCompared).provider == runners[0].key
    assert stored(world, comparing).runs[0].agrees == 0b100


def test_attack_01_the_provider_must_sign(
    world: World, comparing: PostedTask, runners: list[Actor]
) -> None:
    forged = unsigned(saying(comparing, runners[0], 1), runners[0].key)
    world.fails("AccountNotSigner", forged)
