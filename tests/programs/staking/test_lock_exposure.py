import pytest
from solders.pubkey import Pubkey

from idl.client import CPI_AUTHORITIES, staking
from idl.client.bindings.staking import ExposureState
from keeper.lab.market.stakers import position
from tests.programs.forging import Caller, other_bump
from tests.programs.staking.conftest import STAKED
from tests.programs.staking.exposures import exposure, lock, unlock
from tests.world import NLOV, Actor, World, unsigned


@pytest.mark.parametrize("program", ["job_registry", "verdict", "redundancy"])
def test_locks_amount_and_bond(world: World, owner: Actor, job: Pubkey, program: str) -> None:
    caller = Caller(world, program)
    (event,) = caller.send(lock(job, owner, caller.key, 300, 20))
    locked = exposure(world, job, owner)
    assert (locked.job, locked.owner, locked.authority) == (job, owner.key, caller.key)
    assert (locked.amount, locked.bond, locked.state) == (300, 20, ExposureState.LOCKED)
    assert (locked.slashed, locked.locked_slot) == (0, world.slot)
    assert (position(world, owner).amount, position(world, owner).exposed) == (STAKED, 320)
    assert isinstance(event, staking.ExposureLocked)
    assert (event.job, event.amount, event.bond, event.exposed) == (job, 300, 20, 320)


def test_refuses_more_than_is_free(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, STAKED - 10, 3))
    second = Pubkey(b"\x08" * 32)
    registry.fails("InsufficientFreeStake", lock(second, owner, registry.key, 7, 1))
    registry.send(lock(second, owner, registry.key, 6, 1))
    assert position(world, owner).exposed == STAKED


def test_refuses_a_second_one_for_the_job(owner: Actor, registry: Caller, job: Pubkey) -> None:
    registry.send(lock(job, owner, registry.key, 5, 0))
    registry.fails("AccountAlreadyInUse", lock(job, owner, registry.key, 5, 0))
    registry.send(unlock(job, owner, registry.key, close=False))
    registry.fails("AccountAlreadyInUse", lock(job, owner, registry.key, 5, 0))


def test_refuses_a_wallet_as_the_caller(world: World, owner: Actor, job: Pubkey) -> None:
    world.fails("WrongCaller", lock(job, owner, owner.key, 5, 0), signers=[owner])


@pytest.mark.parametrize("program", ["staking", "escrow"])
def test_refuses_other_programs(world: World, owner: Actor, job: Pubkey, program: str) -> None:
    caller = Caller(world, program)
    caller.fails("WrongCaller", lock(job, owner, caller.key, 5, 0))


def test_attack_01_owner_and_program_must_sign(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    instruction = lock(job, owner, registry.key, 5, 0)
    registry.fails("AccountNotSigner", unsigned(instruction, owner.key))
    unsigned_program = unsigned(instruction, CPI_AUTHORITIES["job_registry"])
    world.fails("AccountNotSigner", unsigned_program, signers=[owner])


def test_attack_08_non_canonical_bump(owner: Actor, registry: Caller, job: Pubkey) -> None:
    wrong = other_bump([b"exposure", bytes(job), bytes(owner.key)], staking.ID)
    instruction = staking.lock_exposure(
        amount=5, bond=0, owner=owner.key, authority=registry.key, job=job, exposure=wrong
    )
    registry.fails("ConstraintSeeds", instruction)


def test_attack_11_the_largest_amount(owner: Actor, registry: Caller, job: Pubkey) -> None:
    registry.fails("Overflow", lock(job, owner, registry.key, 2**64 - 1, 1))
    registry.fails("InsufficientFreeStake", lock(job, owner, registry.key, 2**64 - 1, 0))


def test_counts_what_is_unbonding_as_gone(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    request = staking.request_unstake(
        amount=400 * NLOV, owner=owner.key, ticket=staking.ticket_address(owner.key, 0)
    )
    world.send(request, signers=[owner])
    registry.fails("InsufficientFreeStake", lock(job, owner, registry.key, 600 * NLOV, 1))
