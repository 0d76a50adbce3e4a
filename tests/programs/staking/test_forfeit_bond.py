import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, seat
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.programs.forging import Caller
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import exposure, forfeit, lock, unlock
from tests.world import Actor, World, unsigned

BOND = 20


@pytest.fixture(autouse=True)
def locked(owner: Actor, registry: Caller, job: Pubkey) -> None:
    """300 and a bond of 20 of the owner's stake, exposed by the registry."""
    registry.send(lock(job, owner, registry.key, 300, BOND))


def test_moves_the_bond_alone(world: World, owner: Actor, registry: Caller, job: Pubkey) -> None:
    before = world.tokens(world.treasury)
    (event,) = registry.send(forfeit(job, owner, registry.key, world.treasury))
    assert world.tokens(world.treasury) == before + BOND
    left = position(world, owner)
    assert (left.amount, left.exposed) == (STAKED - BOND, 300)
    assert pool(world).total_staked == STAKED - BOND
    assert (exposure(world, job, owner).amount, exposure(world, job, owner).bond) == (300, 0)
    assert isinstance(event, staking.BondForfeited)
    assert (event.job, event.owner, event.destination) == (job, owner.key, world.treasury)
    assert (event.amount, event.staked, event.exposed) == (BOND, STAKED - BOND, 300)
    assert event.total_staked == STAKED - BOND
    world.check_conserved()


def test_verdict_may_whoever_locked(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(forfeit(job, owner, verdict.key, world.treasury))
    assert position(world, owner).amount == STAKED - BOND


def test_moves_nothing_the_second_time(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    once = forfeit(job, owner, registry.key, world.treasury)
    registry.send(once)
    after = world.snapshot()
    assert registry.send(once) == ()
    assert not world.changed(after)


def test_of_a_ballot_takes_the_weight_off_a_seat(
    world: World, owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    seat(world, owner, 3, COLLATERAL)
    registry.send(forfeit(job, owner, registry.key, world.treasury))
    tree = staking.verifiers_address()
    assert world.fetch(staking.VerifierTree, tree).total == WEIGHT, "no lease holds collateral"
    ballot = Pubkey(b"\x08" * 32)
    verdict.send(lock(ballot, owner, verdict.key, 0, BOND))
    verdict.send(forfeit(ballot, owner, verdict.key, world.treasury))
    assert world.fetch(staking.VerifierTree, tree).total == (COLLATERAL - BOND) // 2
    assert position(world, owner).collateral == COLLATERAL - BOND
    assert pool(world).collateral == COLLATERAL - BOND


def test_the_registry_may_not_what_verdict_locked(
    world: World, owner: Actor, registry: Caller, verdict: Caller
) -> None:
    seat(world, owner, 3, COLLATERAL)
    ballot = Pubkey(b"\x08" * 32)
    verdict.send(lock(ballot, owner, verdict.key, 5, 5))
    registry.fails("WrongCaller", forfeit(ballot, owner, registry.key, world.treasury))


def test_refuses_a_released_one(world: World, owner: Actor, registry: Caller, job: Pubkey) -> None:
    registry.send(unlock(job, owner, registry.key, close=False))
    registry.fails("AlreadyReleased", forfeit(job, owner, registry.key, world.treasury))


def test_refuses_a_wallet_as_the_caller(world: World, owner: Actor, job: Pubkey) -> None:
    instruction = forfeit(job, owner, owner.key, owner.tokens)
    world.fails("WrongCaller", instruction, signers=[owner])


def test_attack_01_the_program_must_sign(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    instruction = forfeit(job, owner, registry.key, world.treasury)
    world.fails("AccountNotSigner", unsigned(instruction, registry.key))


def test_refuses_anothers_position(
    world: World, owner: Actor, other: Actor, registry: Caller, job: Pubkey
) -> None:
    wrong = staking.position_address(other.key)
    instruction = forfeit(job, owner, registry.key, world.treasury, position=wrong)
    registry.fails("WrongExposure", instruction)


def test_refuses_what_is_no_token_account(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.fails("WrongTokenAccount", forfeit(job, owner, registry.key, owner.key))
    registry.fails("WrongTokenAccount", forfeit(job, owner, registry.key, world.mint))


def test_attack_06_fake_token_program(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    instruction = forfeit(job, owner, registry.key, world.treasury, token_program=SYSTEM_PROGRAM)
    registry.fails("InvalidProgramId", instruction)


def test_attack_07_the_vault_as_its_own_destination(
    owner: Actor, registry: Caller, job: Pubkey
) -> None:
    vault = staking.stake_vault_address()
    registry.fails("TokenDelta", forfeit(job, owner, registry.key, vault))
