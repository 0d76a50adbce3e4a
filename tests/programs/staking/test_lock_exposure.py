import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import appoint, position, seat
from neurolov_client import CPI_AUTHORITIES, staking
from neurolov_client.bindings.staking import ExposureState
from tests.programs.forging import Caller, other_bump
from tests.programs.staking.conftest import COLLATERAL, STAKED
from tests.programs.staking.exposures import exposure, lock, unlock
from tests.world import NLOV, Actor, World, unsigned


@pytest.mark.parametrize(
    ("program", "ballot"), [("job_registry", 0), ("verdict", 1), ("redundancy", 0)]
)
def test_locks_amount_and_bond(
    world: World, owner: Actor, job: Pubkey, program: str, ballot: int
) -> None:
    seat(world, owner, 3, COLLATERAL)
    caller = Caller(world, program)
    (event,) = caller.send(lock(job, owner, caller.key, 300, 20))
    locked = exposure(world, job, owner)
    assert (locked.job, locked.owner, locked.authority) == (job, owner.key, caller.key)
    assert (locked.amount, locked.bond, locked.state) == (300, 20, ExposureState.LOCKED)
    assert (locked.slashed, locked.locked_slot) == (0, world.slot)
    assert (position(world, owner).amount, position(world, owner).exposed) == (STAKED, 320)
    assert isinstance(event, staking.ExposureLocked)
    assert (event.job, event.amount, event.bond, event.exposed) == (job, 300, 20, 320)
    assert (locked.ballot, locked.by_operator, locked.payer) == (ballot, 0, owner.key)
    assert (event.ballot, event.by_operator) == (bool(ballot), False)
    held = position(world, owner)
    assert (held.balloted, held.operator_exposed) == (320 * ballot, 0)


def test_leases_and_ballots_have_rooms_of_their_own(
    world: World, owner: Actor, registry: Caller, verdict: Caller
) -> None:
    seat(world, owner, 3, COLLATERAL)
    jobs = [Pubkey(bytes([number]) * 32) for number in range(1, 5)]
    leasable = STAKED - COLLATERAL
    beyond_lease = lock(jobs[0], owner, registry.key, leasable + 1, 0)
    registry.fails("InsufficientFreeStake", beyond_lease)
    beyond_ballot = lock(jobs[1], owner, verdict.key, COLLATERAL, 1)
    verdict.fails("InsufficientCollateral", beyond_ballot)
    registry.send(lock(jobs[0], owner, registry.key, leasable, 0))
    verdict.send(lock(jobs[1], owner, verdict.key, COLLATERAL, 0))
    held = position(world, owner)
    assert (held.exposed, held.balloted) == (STAKED, COLLATERAL)
    registry.fails("InsufficientFreeStake", lock(jobs[2], owner, registry.key, 1, 0))
    verdict.fails("InsufficientCollateral", lock(jobs[3], owner, verdict.key, 1, 0))


def test_verdict_exposes_nothing_without_a_seat(owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.fails("InsufficientCollateral", lock(job, owner, verdict.key, 1, 0))


def test_an_operator_exposes_within_its_budget(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    operator = world.actor("operator")
    appoint(world, owner, operator, 320)
    beyond = lock(job, owner, registry.key, 300, 21, signer=operator)
    registry.fails("OperatorBudgetExceeded", beyond)
    (event,) = registry.send(lock(job, owner, registry.key, 300, 20, signer=operator))
    locked, held = exposure(world, job, owner), position(world, owner)
    assert (locked.owner, locked.payer, locked.by_operator) == (owner.key, operator.key, 1)
    assert (held.exposed, held.operator_exposed, held.operator_budget) == (320, 320, 320)
    assert isinstance(event, staking.ExposureLocked)
    assert (event.owner, event.by_operator) == (owner.key, True)
    another = Pubkey(b"\x08" * 32)
    one_more = lock(another, owner, registry.key, 1, 0, signer=operator)
    registry.fails("OperatorBudgetExceeded", one_more)
    registry.send(lock(another, owner, registry.key, 1, 0))
    assert position(world, owner).operator_exposed == 320, "the owner's own do not count"


def test_refuses_whoever_is_neither_owner_nor_operator(
    world: World, owner: Actor, other: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.fails("NotOperator", lock(job, owner, registry.key, 5, 0, signer=other))
    former = world.actor("operator")
    appoint(world, owner, former, 320)
    appoint(world, owner, other, 320)
    registry.fails("NotOperator", lock(job, owner, registry.key, 5, 0, signer=former))
    registry.send(lock(job, owner, registry.key, 5, 0, signer=other))


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
    instruction = lock(job, owner, registry.key, 5, 0, exposure=wrong)
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
