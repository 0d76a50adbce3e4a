import pytest

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.tasks import (
    EXACT,
    PostedTask,
    commit,
    commitment_of,
    committing,
    join,
    post,
    reveal,
    root_of,
    salt_of,
    stored,
    terms_of,
)
from keeper.lab.market.tasks import revealing as opening
from neurolov_client import redundancy, staking
from neurolov_client.bindings.redundancy import Element, RunState, State
from tests.programs.redundancy.renewing import renew
from tests.world import Actor, World, with_account

PARAMS = LOCALNET_PARAMETERS.redundancy


def test_opens_the_commitment(world: World, revealing: PostedTask, runners: list[Actor]) -> None:
    sent = world.send(opening(world, revealing, runners[1], 1))
    held = stored(world, revealing)
    assert (held.runs[1].root, held.runs[1].state) == (root_of(1), RunState.REVEALED)
    assert held.state == State.REVEALING
    event = sent.only(redundancy.RunRevealed)
    assert (event.run, event.provider, event.root) == (1, runners[1].key, root_of(1))
    assert event.envelope.sequence == held.sequence
    assert sent.units <= 10_000


@pytest.mark.parametrize(
    ("outputs", "element", "state"),
    [
        ((1, 1, 1), Element.F32, State.DECIDING),
        ((1, 1, 2), Element.F32, State.COMPARING),
        ((1, 2, 3), Element.BYTES, State.DECIDING),
    ],
)
def test_only_outputs_that_may_agree_are_compared(
    *,
    world: World,
    buyer: Actor,
    runners: list[Actor],
    outputs: tuple[int, ...],
    element: Element,
    state: State,
) -> None:
    exact = {"tolerance": EXACT} if element == Element.BYTES else {}
    task = post(world, buyer, element=element, **exact)
    for runner in runners:
        join(world, runner, task)
    chosen = dict(zip(runners, outputs, strict=True))
    commit(world, task, chosen)
    reveal(world, task, chosen)
    held = stored(world, task)
    assert held.state == state
    if state == State.COMPARING:
        assert held.deadline == world.slot + PARAMS.compare_slots


def test_the_deadline_is_the_last_slot(
    world: World, revealing: PostedTask, runners: list[Actor]
) -> None:
    world.warp_to(stored(world, revealing).deadline)
    world.send(opening(world, revealing, runners[0], 0))
    world.warp(1)
    world.fails("DeadlinePassed", opening(world, revealing, runners[1], 1))


def test_refuses_another_root_or_salt(
    world: World, revealing: PostedTask, runners: list[Actor]
) -> None:
    changed = opening(world, revealing, runners[0], 1)
    world.fails("WrongReveal", changed)
    salted = redundancy.reveal_run(
        run=0,
        root=root_of(0),
        salt=bytes(32),
        terms=terms_of(world, revealing),
        task=revealing.address,
    )
    world.fails("WrongReveal", salted)


def test_a_copied_commitment_cannot_be_opened(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    """A thief copies another provider's commitment and waits for that provider's reveal."""
    author, thief, third = runners
    copy = commitment_of(running, author, 1)
    world.send(committing(world, running, author, 1), signers=[author])
    copying = redundancy.commit_run(
        commitment=copy,
        signer=thief.key,
        terms=terms_of(world, running),
        task=running.address,
        position=staking.position_address(thief.key),
    )
    world.send(copying, signers=[thief])
    world.send(committing(world, running, third, 1), signers=[third])
    world.send(opening(world, running, author, 1))
    stolen = redundancy.reveal_run(
        run=1,
        root=root_of(1),
        salt=salt_of(author),
        terms=terms_of(world, running),
        task=running.address,
    )
    world.fails("WrongReveal", stolen)


def test_refuses_while_others_may_commit(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    world.send(committing(world, running, runners[0], 0), signers=[runners[0]])
    world.fails("WrongState", opening(world, running, runners[0], 0))


def test_refuses_a_second_reveal(world: World, revealing: PostedTask, runners: list[Actor]) -> None:
    world.send(opening(world, revealing, runners[0], 0))
    world.fails("NothingToReveal", opening(world, revealing, runners[0], 0))


@pytest.mark.parametrize("run", [3, 7, 255])
def test_refuses_a_run_that_is_none(
    world: World, revealing: PostedTask, runners: list[Actor], run: int
) -> None:
    none = redundancy.reveal_run(
        run=run,
        root=root_of(0),
        salt=salt_of(runners[0]),
        terms=terms_of(world, revealing),
        task=revealing.address,
    )
    world.fails("NoSuchRun", none)


def test_anybody_passes_an_opening_on(
    world: World, revealing: PostedTask, runners: list[Actor]
) -> None:
    """The opening is the identity: it contains the provider, and nobody signs for it."""
    passing = opening(world, revealing, runners[1], 1)
    assert not any(meta.is_signer for meta in passing.accounts)
    sent = world.send(passing)
    assert sent.only(redundancy.RunRevealed).provider == runners[1].key


def test_refuses_other_terms_than_the_tasks(
    world: World, revealing: PostedTask, runners: list[Actor]
) -> None:
    first = terms_of(world, revealing)
    renew(world, {"reveal_slots": 200})
    other = with_account(opening(world, revealing, runners[0], 0), first, world.terms)
    world.fails("WrongTerms", other)
