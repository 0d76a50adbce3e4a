from itertools import permutations

import pytest
from solders.system_program import TransferParams, transfer

from neurolov_client import SYSTEM_PROGRAM, escrow, job_registry
from tests.programs.escrow.purse import HELD, Purse, lock
from tests.programs.forging import donate, purge
from tests.world import NLOV, Actor, World


def test_returns_what_nobody_is_owed(world: World, purse: Purse, provider: Actor) -> None:
    purse.settle((provider, 900), fee=50)
    before = world.tokens(purse.buyer)
    sent = purse.send(purse.reclaiming())
    assert world.tokens(purse.buyer) == before + HELD - 950
    assert purse.held == 950
    event = sent.only(escrow.Reclaimed)
    assert (event.job, event.buyer) == (purse.job, purse.buyer.key)
    assert (event.amount, event.closed) == (HELD - 950, False)
    assert sent.units <= 40_000
    world.fails("NothingToReclaim", purse.reclaiming())


def test_closes_when_all_are_paid(world: World, purse: Purse) -> None:
    purse.settle()
    rent = world.bank.balance(purse.account) + world.bank.balance(purse.vault)
    lamports, before = world.bank.balance(purse.buyer.key), world.tokens(purse.buyer)
    sent = purse.send(purse.reclaiming())
    assert not world.exists(purse.account)
    assert not world.exists(purse.vault)
    assert world.bank.balance(purse.buyer.key) == lamports + rent
    assert world.tokens(purse.buyer) == before + HELD
    assert sent.only(escrow.Reclaimed).closed
    assert sent.units <= 40_000


def test_closes_without_the_buyers_token_account(
    world: World, purse: Purse, provider: Actor
) -> None:
    """When nothing is left for the buyer, its closed token account blocks nobody."""
    purse.settle((provider, HELD))
    purse.send(purse.withdrawing(0, provider))
    purge(world, purse.buyer.tokens)
    purse.send(purse.reclaiming())
    assert not world.exists(purse.account)


def test_attack_12_donations_go_to_the_buyer(world: World, purse: Purse, provider: Actor) -> None:
    giver = world.actor("giver", tokens=7)
    purse.settle((provider, 900))
    donate(world, giver, purse.vault, 7)
    before = world.tokens(purse.buyer)
    purse.send(purse.reclaiming())
    assert world.tokens(purse.buyer) == before + HELD - 900 + 7
    assert purse.stored().credits[0].amount == 900


@pytest.mark.parametrize(
    "order", list(permutations(("provider", "verifier", "fee", "reclaim"))), ids="-".join
)
def test_attack_15_every_order_pays_once(
    world: World, purse: Purse, provider: Actor, verifier: Actor, order: tuple[str, ...]
) -> None:
    purse.settle((provider, 900), (verifier, 30), fee=50)
    steps = {
        "provider": purse.withdrawing(0, provider),
        "verifier": purse.withdrawing(1, verifier),
        "fee": purse.collecting(),
        "reclaim": purse.reclaiming(),
    }
    before = world.tokens(purse.buyer)
    for name in order:
        purse.send(steps[name])
    if order[-1] != "reclaim":
        purse.send(steps["reclaim"])
    assert (world.tokens(provider), world.tokens(verifier)) == (900, 30)
    assert world.tokens(purse.fees) == 50
    assert world.tokens(purse.buyer) == before + HELD - 980
    for step in steps.values():
        world.fails("AccountOwnedByWrongProgram", step)
    world.check_conserved()


def test_refuses_before_the_end(world: World, purse: Purse) -> None:
    world.fails("NotFinal", purse.reclaiming())


def test_attack_02_another_users_token_account(world: World, purse: Purse, provider: Actor) -> None:
    purse.settle()
    world.fails("WrongOwner", purse.reclaiming(destination=provider.tokens))


def test_refuses_somebody_else_as_the_buyer(world: World, purse: Purse, provider: Actor) -> None:
    purse.settle()
    wrong = purse.reclaiming(buyer=provider.key, destination=provider.tokens)
    world.fails("WrongOwner", wrong)


def test_refuses_another_jobs_vault(world: World, purse: Purse) -> None:
    world.send(lock(world, purse.buyer, 1), signers=[purse.buyer])
    other = escrow.vault_address(job_registry.job_address(purse.buyer.key, 1))
    purse.settle()
    world.fails("WrongVault", purse.reclaiming(vault=other))


def test_attack_06_fake_token_program(world: World, purse: Purse) -> None:
    purse.settle()
    world.fails("InvalidProgramId", purse.reclaiming(token_program=SYSTEM_PROGRAM))


def test_attack_07_the_vault_as_its_own_destination(world: World, purse: Purse) -> None:
    purse.settle()
    world.fails("WrongOwner", purse.reclaiming(destination=purse.vault))


def test_attack_09_close_and_fund_again(world: World, purse: Purse, provider: Actor) -> None:
    """A closed escrow that receives lamports in the same transaction pays nobody again."""
    purse.settle((provider, NLOV))
    purse.send(purse.withdrawing(0, provider))
    refund = transfer(
        TransferParams(from_pubkey=purse.buyer.key, to_pubkey=purse.account, lamports=10**7)
    )
    again = purse.withdrawing(0, provider)
    world.fails(
        "AccountOwnedByWrongProgram", purse.reclaiming(), refund, again, signers=[purse.buyer]
    )
    world.send(purse.reclaiming(), refund, signers=[purse.buyer])
    world.fails("AccountOwnedByWrongProgram", again)
