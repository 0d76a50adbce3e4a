import pytest

from neurolov_client import SYSTEM_PROGRAM, escrow, shard_of, staking
from tests.programs.escrow.purse import HELD, Purse
from tests.programs.forging import copied
from tests.world import Actor, World


@pytest.fixture(autouse=True)
def settled(purse: Purse, provider: Actor) -> None:
    """The provider is owed 900 and the fee is 50."""
    purse.settle((provider, 900), fee=50)


def test_moves_the_fee_to_the_jobs_shard(world: World, purse: Purse) -> None:
    sent = purse.send(purse.collecting())
    assert (world.tokens(purse.fees), purse.held) == (50, HELD - 50)
    assert (purse.stored().fee, purse.stored().fee_due) == (50, 0)
    event = sent.only(escrow.FeeCollected)
    assert (event.job, event.amount) == (purse.job, 50)
    assert (event.vault, event.fee_vault) == (HELD - 50, 50)
    assert sent.units <= 40_000
    world.check_conserved()


def test_attack_15_collects_once(world: World, purse: Purse) -> None:
    purse.send(purse.collecting())
    world.fails("NothingToCollect", purse.collecting())


def test_refuses_another_shards_vault(world: World, purse: Purse) -> None:
    wrong = escrow.fees_address((shard_of(purse.job) + 1) % 16)
    world.fails("WrongVault", purse.collecting(fee_vault=wrong))


def test_attack_02_anothers_account_as_fee_vault(
    world: World, purse: Purse, provider: Actor
) -> None:
    world.fails("WrongVault", purse.collecting(fee_vault=provider.tokens))


def test_attack_03_config_of_another_program(world: World, purse: Purse) -> None:
    copy = copied(world, escrow.config_address(), owner=staking.ID)
    world.fails("AccountOwnedByWrongProgram", purse.collecting(config=copy))


def test_attack_04_one_account_type_as_another(world: World, purse: Purse) -> None:
    for wrong in (
        purse.collecting(config=purse.account),
        purse.collecting(escrow=escrow.config_address()),
    ):
        world.fails("AccountDiscriminatorMismatch", wrong)


def test_attack_06_fake_token_program(world: World, purse: Purse) -> None:
    world.fails("InvalidProgramId", purse.collecting(token_program=SYSTEM_PROGRAM))
