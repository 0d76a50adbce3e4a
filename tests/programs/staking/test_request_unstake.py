from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, seat
from neurolov_client import staking
from tests.programs.forging import Caller, other_bump
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import lock
from tests.world import NLOV, Actor, World, unsigned


def request(owner: Actor, amount: int, number: int = 0, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {
        "owner": owner.key,
        "ticket": staking.ticket_address(owner.key, number),
    }
    return staking.request_unstake(amount=amount, **(named | accounts))


def test_turns_free_stake_into_a_ticket(world: World, owner: Actor) -> None:
    sent = world.send(request(owner, 300 * NLOV), signers=[owner])
    left = position(world, owner)
    assert (left.amount, left.unbonding, left.tickets) == (700 * NLOV, 300 * NLOV, 1)
    assert pool(world).total_staked == 700 * NLOV
    ticket = world.fetch(staking.Ticket, staking.ticket_address(owner.key, 0))
    available = world.slot + world.parameters.staking.unbonding_slots
    assert (ticket.owner, ticket.id, ticket.amount) == (owner.key, 0, 300 * NLOV)
    assert ticket.available_slot == available
    event = sent.only(staking.UnstakeRequested)
    assert (event.ticket, event.amount, event.available_slot) == (0, 300 * NLOV, available)
    assert (event.staked, event.unbonding) == (700 * NLOV, 300 * NLOV)
    assert world.tokens(staking.stake_vault_address()) == STAKED
    assert sent.units <= 40_000


def test_each_ticket_has_the_next_number(world: World, owner: Actor) -> None:
    for ticket in range(3):
        world.send(request(owner, NLOV, ticket), signers=[owner])
    assert position(world, owner).tickets == 3
    world.fails("ConstraintSeeds", request(owner, NLOV, 2), signers=[owner])


def test_the_collateral_of_a_seat_cannot_leave(world: World, owner: Actor) -> None:
    seat(world, owner, 3, COLLATERAL)
    beyond = request(owner, STAKED - COLLATERAL + 1)
    world.fails("InsufficientFreeStake", beyond, signers=[owner])
    world.send(request(owner, STAKED - COLLATERAL), signers=[owner])
    assert world.fetch(staking.VerifierTree, staking.verifiers_address()).total == WEIGHT
    assert position(world, owner).amount == COLLATERAL


def test_remembers_what_the_window_began_with(world: World, owner: Actor) -> None:
    world.stand()
    window = world.window
    world.send(request(owner, 300 * NLOV), signers=[owner])
    latest = position(world, owner).history.ring[0]
    assert (latest.window, latest.amount) == (window, STAKED)
    for history in (pool(world).staked_history, pool(world).lease_history):
        assert (history.ring[0].window, history.ring[0].amount) == (window, STAKED)


def test_refuses_nothing(world: World, owner: Actor) -> None:
    world.fails("ZeroAmount", request(owner, 0), signers=[owner])


def test_refuses_more_than_is_staked(world: World, owner: Actor) -> None:
    world.fails("InsufficientFreeStake", request(owner, STAKED + 1), signers=[owner])


def test_attack_11_the_largest_amount(world: World, owner: Actor) -> None:
    world.fails("InsufficientFreeStake", request(owner, 2**64 - 1), signers=[owner])


def test_attack_14_exposed_stake_cannot_leave(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, 600 * NLOV, 50 * NLOV))
    world.fails("InsufficientFreeStake", request(owner, 350 * NLOV + 1), signers=[owner])
    world.send(request(owner, 350 * NLOV), signers=[owner])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(request(owner, NLOV), owner.key))


def test_attack_08_non_canonical_bump(world: World, owner: Actor) -> None:
    wrong = other_bump([b"ticket", bytes(owner.key), bytes(8)], staking.ID)
    world.fails("ConstraintSeeds", request(owner, NLOV, ticket=wrong), signers=[owner])


def test_refuses_anothers_position(world: World, owner: Actor, other: Actor) -> None:
    instruction = request(owner, NLOV, position=staking.position_address(other.key))
    world.fails("WrongOwner", instruction, signers=[owner])
