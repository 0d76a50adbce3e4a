import pytest

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.stakers import position
from keeper.lab.market.tasks import (
    PostedTask,
    closing_joining,
    commit,
    committing,
    decide,
    join,
    joining,
    post,
    release,
    reveal,
    run,
    stored,
    terms_of,
)
from neurolov_client import escrow, redundancy, staking
from neurolov_client.bindings.redundancy import State
from tests.world import NLOV, Actor, World, unsigned, with_account

PARAMS = LOCALNET_PARAMETERS.redundancy


@pytest.mark.parametrize(
    ("n", "joined", "staying"),
    [(3, 0, 0), (3, 1, 0), (3, 2, 0), (5, 2, 0), (5, 3, 3), (7, 3, 3), (7, 5, 5)],
)
def test_three_or_five_start_and_fewer_than_three_are_let_go(
    *,
    world: World,
    members: list[Actor],
    buyer: Actor,
    cranker: Actor,
    n: int,
    joined: int,
    staying: int,
) -> None:
    task = post(world, buyer, n=n, max_runs=7)
    for owner in members[:joined]:
        join(world, owner, task)
    world.warp_to(stored(world, task).deadline + 1)
    sent = world.send(closing_joining(world, task, cranker), signers=[cranker])
    held, purse = stored(world, task), world.fetch(escrow.Escrow, task.escrow)
    event = sent.only(redundancy.JoiningClosed)
    assert (event.state, event.joined, event.freed) == (held.state, joined, None)
    assert (event.k, event.n, event.burned) == (held.k, held.n, 0)
    assert event.envelope.sequence == held.sequence
    if staying:
        assert (held.state, held.joined, held.n) == (State.RUNNING, staying, staying)
        assert held.k == staying // 2 + 1
        assert held.deadline == world.slot + PARAMS.run_slots
        assert (purse.state, event.credited) == (0, 0)
    else:
        assert (held.state, held.n) == (State.CANCELLED, n)
        assert (purse.state, purse.credited, purse.fee, purse.burned) == (1, NLOV // 100, 0, 0)
        assert event.credited == NLOV // 100
    assert sent.units <= 40_000


@pytest.mark.parametrize(("n", "staying"), [(5, 3), (7, 3), (7, 5)])
def test_the_last_of_an_even_number_is_freed(
    *, world: World, members: list[Actor], buyer: Actor, cranker: Actor, n: int, staying: int
) -> None:
    task = post(world, buyer, n=n, max_runs=7)
    for owner in members[: staying + 1]:
        join(world, owner, task)
    freed = members[staying]
    world.warp_to(stored(world, task).deadline + 1)
    address = staking.exposure_address(task.address, freed.key)
    rent, before = world.lamports(address), world.lamports(freed.key)
    sent = world.send(closing_joining(world, task, cranker), signers=[cranker])
    held = stored(world, task)
    assert (held.state, held.joined, held.n) == (State.RUNNING, staying, staying)
    assert held.k == staying // 2 + 1
    event = sent.only(redundancy.JoiningClosed)
    assert (event.joined, event.freed) == (staying, freed.key)
    assert not world.exists(address)
    assert world.lamports(freed.key) == before + rent
    assert (position(world, freed).amount, position(world, freed).exposed) == (1_000 * NLOV, 0)
    attempt = committing(world, task, freed, 1)
    world.fails("NotJoined", attempt, signers=[freed])
    assert sent.units <= 45_000


def test_a_freed_provider_takes_part_in_the_extension(
    world: World, members: list[Actor], buyer: Actor, cranker: Actor
) -> None:
    task = post(world, buyer, n=5, max_runs=5)
    for owner in members[:4]:
        join(world, owner, task)
    world.warp_to(stored(world, task).deadline + 1)
    world.send(closing_joining(world, task, cranker), signers=[cranker])
    outputs = dict(zip(members, (1, 2, 3), strict=False))
    commit(world, task, outputs)
    reveal(world, task, outputs)
    decide(world, cranker, task)
    run(world, task, dict.fromkeys(members[3:5], 1))
    decide(world, cranker, task)
    held = stored(world, task)
    assert (held.state, held.paid) == (State.SETTLED, 0b11001)


def test_the_freed_providers_accounts_must_be_passed(
    world: World, members: list[Actor], buyer: Actor, cranker: Actor
) -> None:
    task = post(world, buyer, n=5, max_runs=5)
    for owner in members[:4]:
        join(world, owner, task)
    world.warp_to(stored(world, task).deadline + 1)
    bare = redundancy.close_joining(
        cranker=cranker.key, terms=terms_of(world, task), task=task.address, mint=world.mint
    )
    world.fails("FreedRunMissing", bare, signers=[cranker])
    closing = closing_joining(world, task, cranker)
    other = with_account(
        closing,
        staking.exposure_address(task.address, members[3].key),
        staking.exposure_address(task.address, members[0].key),
    )
    world.fails("WrongRun", other, signers=[cranker])
    stolen = with_account(closing, members[3].key, members[0].key)
    refusal = world.fails("WrongExposure", stolen, signers=[cranker])
    assert refusal.program == "staking"
    assert stored(world, task).joined == 4
    world.send(closing, signers=[cranker])


@pytest.mark.parametrize("newcomers", [0, 1])
def test_an_extension_needs_two_more(
    *, world: World, task: PostedTask, members: list[Actor], cranker: Actor, newcomers: int
) -> None:
    """The runs that committed cost the buyer half their price each, which is burned."""
    run(world, task, dict(zip(members, (1, 2, 3), strict=False)))
    decide(world, cranker, task)
    for owner in members[3 : 3 + newcomers]:
        join(world, owner, task)
    world.warp_to(stored(world, task).deadline + 1)
    vault, burned = world.tokens(task.vault), world.burned()
    sent = world.send(closing_joining(world, task, cranker), signers=[cranker])
    held, purse = stored(world, task), world.fetch(escrow.Escrow, task.escrow)
    assert (held.state, held.k, held.joined) == (State.UNDECIDED, 3, 3 + newcomers)
    event = sent.only(redundancy.JoiningClosed)
    assert (event.freed, event.burned, purse.burned) == (None, 3 * NLOV // 2, 3 * NLOV // 2)
    assert world.burned() == burned + 3 * NLOV // 2
    assert world.tokens(task.vault) == vault - 3 * NLOV // 2
    for index, owner in enumerate(members[: 3 + newcomers]):
        release(world, task, index, owner)
        assert position(world, owner).exposed == 0


def test_refuses_up_to_the_deadline(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    """In the deadline's slot a provider may still join."""
    closing = closing_joining(world, task, cranker)
    world.warp_to(stored(world, task).deadline)
    world.fails("DeadlineAhead", closing, signers=[cranker])
    world.send(joining(world, task, members[0]), signers=[members[0]])
    world.warp(1)
    world.send(closing, signers=[cranker])
    assert stored(world, task).state == State.CANCELLED


def test_attack_15_joining_is_closed_once(world: World, task: PostedTask, cranker: Actor) -> None:
    closing = closing_joining(world, task, cranker)
    world.warp_to(stored(world, task).deadline + 1)
    world.send(closing, signers=[cranker])
    world.fails("WrongState", closing, signers=[cranker])


def test_refuses_another_tasks_escrow(
    world: World, task: PostedTask, buyer: Actor, cranker: Actor
) -> None:
    other = post(world, buyer)
    world.warp_to(stored(world, other).deadline + 1)
    closing = with_account(closing_joining(world, task, cranker), task.escrow, other.escrow)
    world.fails("WrongEscrow", closing, signers=[cranker])


def test_attack_01_the_cranker_must_sign(world: World, task: PostedTask, cranker: Actor) -> None:
    closing = closing_joining(world, task, cranker)
    world.fails("AccountNotSigner", unsigned(closing, cranker.key))
