from typing import Any

import pytest
from solders.instruction import Instruction

from keeper.lab.market import tasks
from neurolov_client import (
    CPI_AUTHORITIES,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    escrow,
    redundancy,
    staking,
)
from tests.programs.escrow.purse import DEPOSIT, HELD, Purse
from tests.programs.forging import Caller, copied
from tests.world import NLOV, Actor, World, unsigned


def burn(purse: Purse, amount: int, program: str = "verdict", **changed: Any) -> Instruction:
    named: dict[str, Any] = {
        "authority": CPI_AUTHORITIES[program],
        "escrow": purse.account,
        "vault": purse.vault,
        "mint": purse.world.mint,
    }
    return escrow.burn(amount=amount, **(named | changed))


def test_burns_a_part_of_what_is_locked(world: World, purse: Purse, verdict: Caller) -> None:
    supply = world.supply()
    (event,) = verdict.send(burn(purse, 3 * NLOV))
    assert (world.supply(), purse.held) == (supply - 3 * NLOV, HELD - 3 * NLOV)
    assert purse.stored().burned == 3 * NLOV
    assert isinstance(event, escrow.Burned)
    assert (event.job, event.amount, event.vault) == (purse.job, 3 * NLOV, HELD - 3 * NLOV)
    verdict.send(burn(purse, NLOV))
    assert purse.stored().burned == 4 * NLOV
    world.check_conserved()


def test_the_rest_is_the_buyers(
    world: World, purse: Purse, provider: Actor, verdict: Caller
) -> None:
    verdict.send(burn(purse, 3 * NLOV))
    purse.settle((provider, NLOV), fee=50)
    before = world.tokens(purse.buyer)
    purse.send(purse.reclaiming())
    assert world.tokens(purse.buyer) == before + HELD - 4 * NLOV - 50
    purse.send(purse.withdrawing(0, provider))
    purse.send(purse.collecting())
    purse.send(purse.reclaiming())
    assert not world.exists(purse.account)
    world.check_conserved()


def test_redundancy_burns_for_its_tasks(world: World, buyer: Actor, verdict: Caller) -> None:
    world.send(tasks.lock(world, buyer, 0, DEPOSIT), signers=[buyer])
    purse = Purse(world, buyer, redundancy.task_address(buyer.key, 0))
    verdict.fails("WrongCaller", burn(purse, NLOV))
    Caller(world, "redundancy").send(burn(purse, NLOV, "redundancy"))
    assert purse.stored().burned == NLOV


def test_never_exceeds_what_is_locked_with_credits_and_fee(
    world: World, purse: Purse, provider: Actor, verdict: Caller
) -> None:
    purse.settle((provider, NLOV), fee=50, finalise=False)
    verdict.fails("ExceedsLocked", burn(purse, HELD - NLOV - 49))
    verdict.send(burn(purse, HELD - NLOV - 50))
    verdict.fails("ExceedsLocked", purse.settling((provider, 1)))
    verdict.fails("ExceedsLocked", burn(purse, 1))


def test_refuses_nothing(purse: Purse, verdict: Caller) -> None:
    verdict.fails("NothingToBurn", burn(purse, 0))


def test_attack_11_the_largest_amount(purse: Purse, verdict: Caller) -> None:
    verdict.fails("ExceedsLocked", burn(purse, 2**64 - 1))
    verdict.send(burn(purse, 1))
    verdict.fails("Overflow", burn(purse, 2**64 - 1))


def test_attack_15_refuses_after_the_end(purse: Purse, verdict: Caller) -> None:
    purse.settle()
    verdict.fails("AlreadyFinal", burn(purse, 1))


@pytest.mark.parametrize("program", ["job_registry", "redundancy", "staking"])
def test_refuses_every_other_caller(world: World, purse: Purse, program: str) -> None:
    Caller(world, program).fails("WrongCaller", burn(purse, 1, program))


def test_refuses_the_buyer(world: World, purse: Purse) -> None:
    by_wallet = burn(purse, 1, authority=purse.buyer.key)
    world.fails("WrongCaller", by_wallet, signers=[purse.buyer])


def test_attack_01_the_program_must_sign(world: World, purse: Purse, verdict: Caller) -> None:
    world.fails("AccountNotSigner", unsigned(burn(purse, 1), verdict.key))


def test_attack_06_fake_token_program(purse: Purse, verdict: Caller) -> None:
    verdict.fails("InvalidProgramId", burn(purse, 1, token_program=SYSTEM_PROGRAM))


def test_refuses_another_vault_or_mint(world: World, purse: Purse, verdict: Caller) -> None:
    verdict.fails("WrongVault", burn(purse, 1, vault=staking.stake_vault_address()))
    other = copied(world, world.mint, owner=TOKEN_PROGRAM)
    verdict.fails("MintMismatch", burn(purse, 1, mint=other))
