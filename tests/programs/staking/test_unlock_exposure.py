import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import appoint, position
from neurolov_client import staking
from neurolov_client.bindings.staking import ExposureState
from tests.programs.forging import Caller
from tests.programs.staking.exposures import exposure, forfeit, lock, unlock
from tests.world import Actor, World, unsigned


@pytest.fixture(autouse=True)
def locked(owner: Actor, registry: Caller, job: Pubkey) -> None:
    """300 and a bond of 20 of the owner's stake, exposed by the registry."""
    registry.send(lock(job, owner, registry.key, 300, 20))


def test_frees_the_stake_and_stays_as_a_bar(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    (event,) = registry.send(unlock(job, owner, registry.key, close=False))
    assert position(world, owner).exposed == 0
    assert exposure(world, job, owner).state == ExposureState.RELEASED
    assert isinstance(event, staking.ExposureUnlocked)
    assert (event.amount, event.exposed, event.closed) == (320, 0, False)


def test_closes_to_the_owner_that_paid(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    address = staking.exposure_address(job, owner.key)
    total = world.bank.balance(owner.key) + world.bank.balance(address)
    registry.send(unlock(job, owner, registry.key, close=True))
    assert not world.exists(address)
    assert world.bank.balance(owner.key) == total
    assert position(world, owner).exposed == 0


def test_closes_a_released_one_and_frees_nothing_more(
    world: World, owner: Actor, other: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(lock(Pubkey(b"\x08" * 32), owner, registry.key, 50, 0))
    registry.send(unlock(job, owner, registry.key, close=False))
    (event,) = registry.send(unlock(job, owner, registry.key, close=True))
    assert isinstance(event, staking.ExposureUnlocked)
    assert (event.amount, event.exposed, event.closed) == (0, 50, True)
    assert position(world, owner).exposed == 50


def test_frees_what_a_forfeit_left(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(forfeit(job, owner, registry.key, world.treasury))
    (event,) = registry.send(unlock(job, owner, registry.key, close=False))
    assert isinstance(event, staking.ExposureUnlocked)
    assert event.amount == 300
    assert position(world, owner).exposed == 0


def test_refuses_to_release_twice(owner: Actor, registry: Caller, job: Pubkey) -> None:
    release = unlock(job, owner, registry.key, close=False)
    registry.send(release)
    registry.fails("AlreadyReleased", release)


def test_refuses_the_program_that_did_not_lock(owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.fails("WrongCaller", unlock(job, owner, verdict.key, close=True))


def test_refuses_the_owner(world: World, owner: Actor, job: Pubkey) -> None:
    instruction = unlock(job, owner, owner.key, close=True)
    world.fails("WrongCaller", instruction, signers=[owner])


def test_attack_01_the_program_must_sign(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    instruction = unsigned(unlock(job, owner, registry.key, close=True), registry.key)
    world.fails("AccountNotSigner", instruction)


def test_refuses_anothers_position(
    owner: Actor, other: Actor, registry: Caller, job: Pubkey
) -> None:
    wrong = staking.position_address(other.key)
    instruction = unlock(job, owner, registry.key, close=False, position=wrong)
    registry.fails("WrongExposure", instruction)


def test_the_rent_goes_to_the_operator_that_paid_it(
    world: World, owner: Actor, registry: Caller
) -> None:
    operator, job = world.actor("operator"), Pubkey(b"\x08" * 32)
    appoint(world, owner, operator, 50)
    lamports = world.bank.balance(operator.key)
    registry.send(lock(job, owner, registry.key, 50, 0, signer=operator))
    assert world.bank.balance(operator.key) < lamports
    registry.fails("WrongExposure", unlock(job, owner, registry.key, close=True))
    theirs = world.bank.balance(owner.key)
    registry.send(unlock(job, owner, registry.key, close=True, payer=operator))
    assert (world.bank.balance(operator.key), world.bank.balance(owner.key)) == (lamports, theirs)
    assert position(world, owner).operator_exposed == 0
    assert position(world, owner).operator_budget == 50
