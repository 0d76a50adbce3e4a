from dataclasses import replace
from typing import Any

import pytest
from solders.pubkey import Pubkey

from keeper.lab.market import tasks
from neurolov_client import SYSTEM_PROGRAM, TOKEN_PROGRAM, escrow, job_registry, redundancy, staking
from neurolov_client.bindings.escrow import EscrowState
from tests.programs.escrow.purse import BURNED, DEPOSIT, HELD, TO_HAND, Purse, lock
from tests.programs.forging import copied, other_bump
from tests.world import NLOV, Actor, World, unsigned
from tests.world.governing import applying, enact, queue, terms_numbered

MOST = 2**64 - 1


def job_of(buyer: Actor, job_id: int = 0) -> Pubkey:
    return job_registry.job_address(buyer.key, job_id)


def test_locks_and_burns(world: World, buyer: Actor) -> None:
    supply = world.supply()
    sent = world.send(lock(world, buyer), signers=[buyer])
    purse = Purse(world, buyer, job_of(buyer))
    stored = purse.stored()
    assert (stored.job, stored.buyer, stored.vault) == (purse.job, buyer.key, purse.vault)
    assert (stored.price, stored.verification) == (DEPOSIT.price, DEPOSIT.verification)
    assert (stored.tips, stored.urgency) == (DEPOSIT.tips, DEPOSIT.urgency // 2)
    assert (stored.state, stored.locked_slot) == (EscrowState.LOCKED, world.slot)
    assert (stored.credit_count, stored.credited, stored.paid) == (0, 0, 0)
    assert purse.held == HELD
    assert world.tokens(buyer) == TO_HAND - HELD - BURNED
    assert world.supply() == supply - BURNED
    event = sent.only(escrow.Locked)
    assert (event.job, event.buyer, event.deposit) == (purse.job, buyer.key, DEPOSIT)
    assert (event.burned, event.vault, event.envelope.sequence) == (BURNED, HELD, 1)
    assert (stored.terms, event.terms) == (0, 0)
    assert sent.units <= 40_000
    world.check_conserved()


def test_rounds_the_burned_share_up(world: World, buyer: Actor) -> None:
    supply = world.supply()
    world.send(lock(world, buyer, deposit=replace(DEPOSIT, urgency=7)), signers=[buyer])
    assert Purse(world, buyer, job_of(buyer)).stored().urgency == 3
    assert world.supply() == supply - 10_000_000 - 4


def test_counts_what_lay_at_the_vaults_address(world: World, buyer: Actor) -> None:
    """Lamports sent there beforehand do not block the lock."""
    vault = escrow.vault_address(job_of(buyer))
    for address in (vault, escrow.escrow_address(job_of(buyer))):
        world.bank.airdrop(address, 10**6)
    world.send(lock(world, buyer), signers=[buyer])
    assert world.tokens(vault) == HELD


def test_later_terms_charge_what_they_say(world: World, buyer: Actor) -> None:
    changed = replace(world.parameters.escrow, posting_fee=20_000_000, urgency_burn_bps=10_000)
    enact(world, replace(world.parameters, escrow=changed))
    supply = world.supply()
    sent = world.send(lock(world, buyer), signers=[buyer])
    stored = Purse(world, buyer, job_of(buyer)).stored()
    assert (stored.terms, sent.only(escrow.Locked).terms, stored.urgency) == (1, 1, 0)
    assert world.supply() == supply - 20_000_000 - DEPOSIT.urgency


def test_refuses_terms_that_are_queued_or_superseded(world: World, buyer: Actor) -> None:
    first, second = staking.terms_address(0), staking.terms_address(1)
    queue(world)
    world.fails("WrongTerms", lock(world, buyer, terms=second), signers=[buyer])
    world.warp_to(terms_numbered(world, 1).applies_slot)
    world.send(applying(world))
    world.fails("WrongTerms", lock(world, buyer, terms=first), signers=[buyer])
    world.send(lock(world, buyer, terms=second), signers=[buyer])


def test_attack_03_terms_of_another_program(world: World, buyer: Actor) -> None:
    copy = copied(world, world.terms, owner=escrow.ID)
    instruction = lock(world, buyer, terms=copy)
    world.fails("AccountOwnedByWrongProgram", instruction, signers=[buyer])


def test_refuses_a_price_of_nothing(world: World, buyer: Actor) -> None:
    instruction = lock(world, buyer, deposit=replace(DEPOSIT, price=0))
    world.fails("ZeroPrice", instruction, signers=[buyer])


def test_refuses_more_than_the_buyer_has(world: World, buyer: Actor) -> None:
    instruction = lock(world, buyer, deposit=replace(DEPOSIT, price=TO_HAND))
    world.fails("InsufficientFunds", instruction, signers=[buyer])


def test_refuses_a_second_lock_of_a_job(world: World, buyer: Actor) -> None:
    world.send(lock(world, buyer), signers=[buyer])
    world.fails("AccountAlreadyInUse", lock(world, buyer), signers=[buyer])


def test_refuses_a_job_that_exists(world: World, buyer: Actor, purse: Purse) -> None:
    """The lock is refused even when the job's own escrow has been closed."""
    purse.settle()
    purse.send(purse.reclaiming())
    world.fails("JobExists", lock(world, buyer), signers=[buyer])


def test_locks_for_a_task(world: World, buyer: Actor) -> None:
    task = redundancy.task_address(buyer.key, 0)
    world.send(tasks.lock(world, buyer, 0, DEPOSIT), signers=[buyer])
    stored = Purse(world, buyer, task).stored()
    assert (stored.job, stored.judge, stored.price) == (task, 1, DEPOSIT.price)


def test_refuses_the_job_of_another_buyer_or_id(world: World, buyer: Actor) -> None:
    other = world.actor("other")
    theirs = redundancy.task_address(other.key, 0)
    for wrong in (job_of(other), job_of(buyer, 1), theirs):
        world.fails("WrongJob", lock(world, buyer, job=wrong), signers=[buyer])


def test_attack_01_the_buyer_must_sign(world: World, buyer: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(lock(world, buyer), buyer.key))


def test_attack_02_another_users_token_account(world: World, buyer: Actor) -> None:
    other = world.actor("other", tokens=TO_HAND)
    world.fails("WrongOwner", lock(world, buyer, source=other.tokens), signers=[buyer])


def test_attack_03_config_of_another_program(world: World, buyer: Actor) -> None:
    copy = copied(world, escrow.config_address(), owner=staking.ID)
    instruction = lock(world, buyer, config=copy)
    world.fails("AccountOwnedByWrongProgram", instruction, signers=[buyer])


def test_attack_04_one_account_type_as_another(world: World, buyer: Actor) -> None:
    world.send(lock(world, buyer), signers=[buyer])
    instruction = lock(world, buyer, 1, config=escrow.escrow_address(job_of(buyer)))
    world.fails("AccountDiscriminatorMismatch", instruction, signers=[buyer])


def test_attack_06_fake_token_program(world: World, buyer: Actor) -> None:
    instruction = lock(world, buyer, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[buyer])


def test_attack_07_source_is_a_vault(world: World, buyer: Actor, purse: Purse) -> None:
    for vault in (purse.vault, staking.stake_vault_address(), purse.fees):
        instruction = lock(world, buyer, 1, source=vault)
        world.fails("WrongOwner", instruction, signers=[buyer])


@pytest.mark.parametrize("name", ["escrow", "vault"])
def test_attack_08_non_canonical_bump(world: World, buyer: Actor, name: str) -> None:
    wrong = other_bump([name.encode(), bytes(job_of(buyer))], escrow.ID)
    accounts: dict[str, Any] = {name: wrong}
    world.fails("ConstraintSeeds", lock(world, buyer, **accounts), signers=[buyer])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("price", "Overflow"),
        ("verification", "Overflow"),
        ("tips", "Overflow"),
        ("urgency", "InsufficientFunds"),
    ],
)
def test_attack_11_the_largest_amount(world: World, buyer: Actor, name: str, error: str) -> None:
    world.fails(
        error, lock(world, buyer, deposit=replace(DEPOSIT, **{name: MOST})), signers=[buyer]
    )


def test_refuses_another_mint(world: World, buyer: Actor) -> None:
    other = copied(world, world.mint, owner=TOKEN_PROGRAM)
    world.fails("WrongTokenAccount", lock(world, buyer, mint=other), signers=[buyer])


def test_locks_without_urgency(world: World, buyer: Actor) -> None:
    world.send(lock(world, buyer, deposit=replace(DEPOSIT, urgency=0)), signers=[buyer])
    assert Purse(world, buyer, job_of(buyer)).held == 14 * NLOV
