from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, stake
from neurolov_client import staking
from neurolov_client.bindings.staking import HELD, Tenure
from tests.programs.forging import Caller, other_bump
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import lock, slash
from tests.world import NLOV, Actor, World, unsigned


def take(owner: Actor, index: int = 3, collateral: int = COLLATERAL) -> Instruction:
    return staking.take_seat(index=index, collateral=collateral, owner=owner.key)


def test_weighs_half_the_collateral(world: World, owner: Actor, other: Actor) -> None:
    sent = world.send(take(owner), signers=[owner])
    world.send(take(other, 1_023), signers=[other])
    held = world.fetch(staking.Seat, staking.seat_address(3))
    assert (held.owner, held.index, held.taken_epoch) == (owner.key, 3, world.window)
    assert (held.vacated_epoch, held.heir, held.heir_rent) == (HELD, Pubkey.default(), 0)
    seated = position(world, owner)
    assert (seated.seat, seated.tenure, seated.collateral) == (3, Tenure.HELD, COLLATERAL)
    assert (seated.amount, pool(world).collateral) == (STAKED, 2 * COLLATERAL)
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert (tree.total, tree.seats) == (2 * WEIGHT, 2)
    event = sent.only(staking.SeatTaken)
    assert (event.owner, event.seat, event.weight) == (owner.key, 3, WEIGHT)
    assert (event.collateral, event.total_weight) == (COLLATERAL, WEIGHT)
    assert sent.units <= 40_000


def test_another_seat_sheds_no_miss(
    world: World, owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, 300, 0))
    verdict.send(slash(world, job, owner, 300, world.treasury))
    world.send(take(owner), signers=[owner])
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == COLLATERAL // 8


def test_refuses_a_seat_that_is_held(world: World, owner: Actor, other: Actor) -> None:
    world.send(take(owner), signers=[owner])
    world.fails("AccountAlreadyInUse", take(other), signers=[other])


def test_refuses_a_second_seat(world: World, owner: Actor) -> None:
    world.send(take(owner), signers=[owner])
    world.fails("AlreadySeated", take(owner, 4), signers=[owner])


def test_refuses_a_seat_that_does_not_exist(world: World, owner: Actor) -> None:
    world.fails("SeatOutOfRange", take(owner, 1_024), signers=[owner])


def test_refuses_less_than_a_verifiers_collateral(world: World) -> None:
    poor = world.actor("poor", tokens=100 * NLOV)
    stake(world, poor, 100 * NLOV - 1)
    world.fails("BelowVerifierMinimum", take(poor, 3, 100 * NLOV - 1), signers=[poor])
    world.fails("InsufficientFreeStake", take(poor, 3, 100 * NLOV), signers=[poor])
    stake(world, poor, 1)
    world.send(take(poor, 3, 100 * NLOV), signers=[poor])


def test_refuses_stake_that_a_lease_exposes(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, STAKED - COLLATERAL + 1, 0))
    world.fails("InsufficientFreeStake", take(owner), signers=[owner])
    world.send(take(owner, 3, COLLATERAL - 1), signers=[owner])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(take(owner), owner.key))


def test_attack_08_non_canonical_bump(world: World, owner: Actor) -> None:
    wrong = other_bump([b"seat", b"\3\0"], staking.ID)
    instruction = staking.take_seat(index=3, collateral=COLLATERAL, owner=owner.key, seat=wrong)
    world.fails("ConstraintSeeds", instruction, signers=[owner])
