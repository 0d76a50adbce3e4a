from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from keeper.lab.market.stakers import position
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.programs.staking.conftest import STAKED
from tests.world import NLOV, Actor, World, unsigned

ASKED = 300 * NLOV


@pytest.fixture
def ticket(world: World, owner: Actor) -> Pubkey:
    """The owner's ticket for 300 $NLOV."""
    address = staking.ticket_address(owner.key, 0)
    request = staking.request_unstake(amount=ASKED, owner=owner.key, ticket=address)
    world.send(request, signers=[owner])
    return address


def available(world: World, ticket: Pubkey) -> int:
    return world.fetch(staking.Ticket, ticket).available_slot


def withdraw(owner: Actor, ticket: Pubkey, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {"owner": owner.key, "ticket": ticket, "destination": owner.tokens}
    return staking.withdraw(**(named | accounts))


def test_pays_and_closes_the_ticket(world: World, owner: Actor, ticket: Pubkey) -> None:
    world.warp_to(available(world, ticket))
    lamports = world.bank.balance(owner.key)
    rent = world.bank.balance(ticket)
    sent = world.send(withdraw(owner, ticket), signers=[owner])
    assert world.tokens(owner) == STAKED + ASKED
    assert world.tokens(staking.stake_vault_address()) == STAKED - ASKED
    assert position(world, owner).unbonding == 0
    assert not world.exists(ticket)
    assert world.bank.balance(owner.key) == lamports + rent
    event = sent.only(staking.Withdrawn)
    assert (event.owner, event.ticket, event.amount) == (owner.key, 0, ASKED)
    assert sent.units <= 40_000
    world.check_conserved()


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_attack_21_the_exact_slot(world: World, owner: Actor, ticket: Pubkey, offset: int) -> None:
    world.warp_to(available(world, ticket) + offset)
    if offset < 0:
        world.fails("StillUnbonding", withdraw(owner, ticket), signers=[owner])
    else:
        world.send(withdraw(owner, ticket), signers=[owner])
        assert world.tokens(owner) == STAKED + ASKED


def test_attack_01_the_owner_must_sign(world: World, owner: Actor, ticket: Pubkey) -> None:
    world.warp_to(available(world, ticket))
    world.fails("AccountNotSigner", unsigned(withdraw(owner, ticket), owner.key))


def test_attack_02_another_users_token_account(
    world: World, owner: Actor, other: Actor, ticket: Pubkey
) -> None:
    world.warp_to(available(world, ticket))
    instruction = withdraw(owner, ticket, destination=other.tokens)
    world.fails("WrongOwner", instruction, signers=[owner])


def test_refuses_anothers_ticket(world: World, owner: Actor, other: Actor, ticket: Pubkey) -> None:
    world.warp_to(available(world, ticket))
    world.fails("WrongOwner", withdraw(other, ticket), signers=[other])


def test_attack_06_fake_token_program(world: World, owner: Actor, ticket: Pubkey) -> None:
    world.warp_to(available(world, ticket))
    instruction = withdraw(owner, ticket, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[owner])


def test_refuses_another_vault(world: World, owner: Actor, ticket: Pubkey) -> None:
    world.warp_to(available(world, ticket))
    instruction = withdraw(owner, ticket, stake_vault=staking.reward_vault_address())
    world.fails("WrongVault", instruction, signers=[owner])


def test_attack_09_close_and_fund_again(world: World, owner: Actor, ticket: Pubkey) -> None:
    """A closed ticket that receives lamports in the same transaction pays nothing more."""
    world.warp_to(available(world, ticket))
    refund = transfer(TransferParams(from_pubkey=owner.key, to_pubkey=ticket, lamports=2_000_000))
    once = withdraw(owner, ticket)
    world.fails("AccountOwnedByWrongProgram", once, refund, once, signers=[owner])
    world.send(once, refund, signers=[owner])
    world.fails("AccountOwnedByWrongProgram", once, signers=[owner])
