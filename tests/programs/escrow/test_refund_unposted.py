from typing import Any

import pytest
from solders.instruction import Instruction

from neurolov_client import SYSTEM_PROGRAM, escrow, job_registry
from tests.programs.escrow.purse import BURNED, HELD, TO_HAND, Purse, lock
from tests.programs.forging import donate
from tests.world import NLOV, Actor, World, unsigned


@pytest.fixture
def unposted(world: World, buyer: Actor) -> Purse:
    """The buyer's locked money for a job that is not posted."""
    world.send(lock(world, buyer), signers=[buyer])
    return Purse(world, buyer, job_registry.job_address(buyer.key, 0))


def refund(purse: Purse, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {
        "buyer": purse.buyer.key,
        "job": purse.job,
        "destination": purse.buyer.tokens,
    }
    return escrow.refund_unposted(**(named | accounts))


def test_gives_everything_back_but_what_was_burned(world: World, unposted: Purse) -> None:
    buyer = unposted.buyer
    rent = world.bank.balance(unposted.account) + world.bank.balance(unposted.vault)
    lamports = world.bank.balance(buyer.key)
    sent = world.send(refund(unposted), signers=[buyer])
    assert world.tokens(buyer) == TO_HAND - BURNED
    assert not world.exists(unposted.account)
    assert not world.exists(unposted.vault)
    assert world.bank.balance(buyer.key) == lamports + rent
    event = sent.only(escrow.UnpostedRefunded)
    assert (event.job, event.buyer, event.amount) == (unposted.job, buyer.key, HELD)
    assert sent.units <= 40_000
    world.check_conserved()


def test_gives_donations_too(world: World, unposted: Purse) -> None:
    giver = world.actor("giver", tokens=NLOV)
    donate(world, giver, unposted.vault, NLOV)
    world.send(refund(unposted), signers=[unposted.buyer])
    assert world.tokens(unposted.buyer) == TO_HAND - BURNED + NLOV


def test_the_job_can_be_locked_again(world: World, unposted: Purse) -> None:
    world.send(refund(unposted), signers=[unposted.buyer])
    world.send(lock(world, unposted.buyer), signers=[unposted.buyer])
    assert unposted.held == HELD


def test_refuses_a_posted_job(world: World, purse: Purse) -> None:
    world.fails("JobExists", refund(purse), signers=[purse.buyer])


def test_refuses_anybody_else(world: World, unposted: Purse) -> None:
    other = world.actor("other")
    instruction = refund(unposted, buyer=other.key, destination=other.tokens)
    world.fails("WrongOwner", instruction, signers=[other])


def test_refuses_another_job(world: World, purse: Purse) -> None:
    """The buyer passes an empty address in place of the job that was posted."""
    empty = job_registry.job_address(purse.buyer.key, 7)
    instruction = refund(purse, job=empty, escrow=purse.account, vault=purse.vault)
    world.fails("WrongJob", instruction, signers=[purse.buyer])


def test_attack_01_the_buyer_must_sign(world: World, unposted: Purse) -> None:
    world.fails("AccountNotSigner", unsigned(refund(unposted), unposted.buyer.key))


def test_attack_02_another_users_token_account(world: World, unposted: Purse) -> None:
    other = world.actor("other")
    instruction = refund(unposted, destination=other.tokens)
    world.fails("WrongOwner", instruction, signers=[unposted.buyer])


def test_attack_06_fake_token_program(world: World, unposted: Purse) -> None:
    instruction = refund(unposted, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[unposted.buyer])


def test_attack_07_the_vault_as_its_own_destination(world: World, unposted: Purse) -> None:
    instruction = refund(unposted, destination=unposted.vault)
    world.fails("WrongOwner", instruction, signers=[unposted.buyer])


def test_attack_09_close_and_lock_again(world: World, unposted: Purse) -> None:
    """In one transaction, the second refund returns only the second lock."""
    buyer = unposted.buyer
    world.send(refund(unposted), lock(world, buyer), refund(unposted), signers=[buyer])
    assert world.tokens(buyer) == TO_HAND - 2 * BURNED
    world.fails("AccountOwnedByWrongProgram", refund(unposted), signers=[buyer])
