from dataclasses import replace

import pytest

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.stakers import pool, position
from neurolov_client import escrow, staking
from neurolov_client.bindings.staking import TermsState
from tests.programs.forging import copied
from tests.programs.staking.conftest import STAKED
from tests.world import NLOV, Actor, World, with_account
from tests.world.governing import applying, enact, queue, terms_numbered

LONGER = replace(
    LOCALNET_PARAMETERS, staking=replace(LOCALNET_PARAMETERS.staking, unbonding_slots=400)
)


def test_makes_queued_terms_the_current_ones(world: World) -> None:
    treasury = world.actor("treasurer").tokens
    queue(world, LONGER, treasury=treasury)
    world.warp_to(terms_numbered(world, 1).applies_slot)
    start, rate = pool(world).emission_last, pool(world).params.emission_per_slot
    sent = world.send(applying(world))
    former, current, held = terms_numbered(world, 0), terms_numbered(world, 1), pool(world)
    assert (former.state, former.parameters) == (TermsState.SUPERSEDED, LOCALNET_PARAMETERS)
    assert former.treasury == world.treasury
    assert (current.state, current.treasury) == (TermsState.CURRENT, treasury)
    assert (held.terms, held.params) == (1, LONGER.staking)
    due = (world.slot - start) * rate
    assert (held.emission_owed, held.emission_last) == (due, world.slot)
    event = sent.only(staking.TermsApplied)
    assert (event.version, event.emission_owed) == (1, due)
    assert sent.units <= 10_000


def test_versions_count_up(world: World) -> None:
    for version in range(1, 4):
        enact(world)
        assert pool(world).terms == version
    states = [terms_numbered(world, version).state for version in range(4)]
    assert states == [TermsState.SUPERSEDED] * 3 + [TermsState.CURRENT]


@pytest.mark.parametrize(
    ("bound", "offset", "error"),
    [
        ("applies_slot", -1, "StillQueued"),
        ("applies_slot", 0, None),
        ("lapses_slot", 0, None),
        ("lapses_slot", 1, "QueueLapsed"),
    ],
)
def test_attack_21_the_exact_slot(world: World, bound: str, offset: int, error: str | None) -> None:
    queue(world)
    world.warp_to(getattr(terms_numbered(world, 1), bound) + offset)
    if error is None:
        world.send(applying(world))
        assert pool(world).terms == 1
    else:
        world.fails(error, applying(world))


def test_whoever_disagrees_leaves_first(world: World, owner: Actor) -> None:
    """An unstake requested when terms are queued is paid before they can be applied."""
    queue(world, LONGER)
    address = staking.ticket_address(owner.key, 0)
    request = staking.request_unstake(amount=STAKED, owner=owner.key, ticket=address)
    world.send(request, signers=[owner])
    ticket = world.fetch(staking.Ticket, address)
    assert ticket.available_slot < terms_numbered(world, 1).applies_slot
    world.warp_to(ticket.available_slot)
    leaving = staking.withdraw(owner=owner.key, ticket=address, destination=owner.tokens)
    world.send(leaving, signers=[owner])
    assert world.tokens(owner) == 2 * STAKED
    assert position(world, owner).unbonding == 0


def test_a_ticket_keeps_its_slot(world: World, owner: Actor) -> None:
    queue(world, LONGER)
    world.warp_to(terms_numbered(world, 1).applies_slot)
    address = staking.ticket_address(owner.key, 0)
    world.send(
        staking.request_unstake(amount=NLOV, owner=owner.key, ticket=address), signers=[owner]
    )
    promised = world.fetch(staking.Ticket, address).available_slot
    world.send(applying(world))
    assert world.fetch(staking.Ticket, address).available_slot == promised


def test_refuses_twice(world: World) -> None:
    queue(world)
    world.warp_to(terms_numbered(world, 1).applies_slot)
    once = applying(world)
    world.send(once)
    world.fails("WrongTerms", once)


def test_refuses_former_and_current_terms(world: World) -> None:
    enact(world)
    former, current = staking.terms_address(0), staking.terms_address(1)
    for present, terms in ((current, former), (former, current)):
        world.fails("WrongTerms", staking.apply_terms(present=present, terms=terms))


def test_attack_03_terms_of_another_program(world: World) -> None:
    queue(world)
    world.warp_to(terms_numbered(world, 1).applies_slot)
    for address in (staking.terms_address(0), staking.terms_address(1)):
        fake = copied(world, address, owner=escrow.ID)
        attempt = with_account(applying(world), address, fake)
        world.fails("AccountOwnedByWrongProgram", attempt)
    world.send(applying(world))
