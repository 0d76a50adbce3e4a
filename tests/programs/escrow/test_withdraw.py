import pytest

from neurolov_client import SYSTEM_PROGRAM, escrow, job_registry, staking
from tests.programs.escrow.purse import HELD, Purse, lock
from tests.programs.forging import copied
from tests.world import NLOV, Actor, World


@pytest.fixture(autouse=True)
def settled(purse: Purse, provider: Actor, verifier: Actor) -> None:
    """The provider is owed 900, the verifier 30, and the fee is 50."""
    purse.settle((provider, 900), (verifier, 30), fee=50)


def test_anybody_has_a_party_paid(
    world: World, purse: Purse, provider: Actor, verifier: Actor
) -> None:
    sent = purse.send(purse.withdrawing(1, verifier))
    assert (world.tokens(verifier), world.tokens(provider)) == (30, 0)
    assert purse.held == HELD - 30
    stored = purse.stored()
    assert (stored.paid, [entry.paid for entry in stored.credits[:2]]) == (30, [0, 1])
    event = sent.only(escrow.CreditPaid)
    assert (event.job, event.party) == (purse.job, verifier.key)
    assert (event.amount, event.vault) == (30, HELD - 30)
    assert sent.units <= 40_000
    world.check_conserved()


def test_attack_15_pays_once(world: World, purse: Purse, provider: Actor) -> None:
    purse.send(purse.withdrawing(0, provider))
    world.fails("AlreadyPaid", purse.withdrawing(0, provider))
    assert world.tokens(provider) == 900


def test_refuses_a_credit_that_is_not_there(world: World, purse: Purse, provider: Actor) -> None:
    for index in (2, 23, 255):
        world.fails("UnknownCredit", purse.withdrawing(index, provider))


def test_attack_02_another_users_token_account(world: World, purse: Purse, verifier: Actor) -> None:
    world.fails("WrongOwner", purse.withdrawing(0, verifier))


def test_attack_03_escrow_of_another_program(world: World, purse: Purse, provider: Actor) -> None:
    copy = copied(world, purse.account, owner=staking.ID)
    world.fails("AccountOwnedByWrongProgram", purse.withdrawing(0, provider, escrow=copy))


def test_attack_04_one_account_type_as_another(world: World, purse: Purse, provider: Actor) -> None:
    wrong = purse.withdrawing(0, provider, escrow=escrow.config_address())
    world.fails("AccountDiscriminatorMismatch", wrong)


def test_attack_06_fake_token_program(world: World, purse: Purse, provider: Actor) -> None:
    wrong = purse.withdrawing(0, provider, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", wrong)


def test_refuses_another_jobs_vault(world: World, purse: Purse, provider: Actor) -> None:
    world.send(lock(world, purse.buyer, 1), signers=[purse.buyer])
    other = escrow.vault_address(job_registry.job_address(purse.buyer.key, 1))
    world.fails("WrongVault", purse.withdrawing(0, provider, vault=other))


def test_attack_07_destination_is_the_vault(world: World, purse: Purse, provider: Actor) -> None:
    world.fails("WrongOwner", purse.withdrawing(0, provider, destination=purse.vault))


def test_attack_07_buyer_is_provider(world: World, buyer: Actor) -> None:
    """The provider is paid with its own money: it gains nothing and loses the fee."""
    world.send(lock(world, buyer, 1), signers=[buyer])
    own = Purse(world, buyer, job_registry.job_address(buyer.key, 1))
    before = world.tokens(buyer)
    own.settle((buyer, 15 * NLOV), fee=NLOV // 2)
    own.send(own.withdrawing(0, buyer), own.collecting(), own.reclaiming())
    assert world.tokens(buyer) == before + HELD - NLOV // 2
    world.check_conserved()


def test_refuses_what_is_no_token_account(world: World, purse: Purse, provider: Actor) -> None:
    wrong = purse.withdrawing(0, provider, destination=provider.key)
    world.fails("WrongTokenAccount", wrong)
