import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import appoint, pool, position, seat
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.programs.forging import Caller
from tests.programs.staking.conftest import COLLATERAL, STAKED
from tests.programs.staking.exposures import exposure, lock, slash, unlock
from tests.world import NLOV, Actor, World, unsigned, with_account


@pytest.fixture(autouse=True)
def locked(owner: Actor, registry: Caller, job: Pubkey) -> None:
    """300 and a bond of 20 of the owner's stake, exposed by the registry."""
    registry.send(lock(job, owner, registry.key, 300, 20))


def test_burns_its_share_and_pays_the_rest(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    supply, treasury = world.supply(), world.tokens(world.treasury)
    (event,) = verdict.send(slash(world, job, owner, 101, world.treasury))
    assert (world.supply(), world.tokens(world.treasury)) == (supply - 51, treasury + 50)
    left = position(world, owner)
    assert (left.amount, left.exposed) == (STAKED - 101, 219)
    assert pool(world).total_staked == STAKED - 101
    slashed = exposure(world, job, owner)
    assert (slashed.amount, slashed.bond, slashed.slashed) == (199, 20, 1)
    assert isinstance(event, staking.Slashed)
    assert (event.amount, event.burned, event.destination) == (101, 51, world.treasury)
    assert (event.staked, event.exposed, event.catch_rate) == (STAKED - 101, 219, 8_192)
    world.check_conserved()


def test_takes_all_that_is_exposed_but_the_bond(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.fails("SlashExceedsExposure", slash(world, job, owner, 301, world.treasury))
    verdict.send(slash(world, job, owner, 300, world.treasury))
    assert exposure(world, job, owner).amount == 0


def test_happens_once(world: World, owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.send(slash(world, job, owner, 1, world.treasury))
    verdict.fails("AlreadySlashed", slash(world, job, owner, 1, world.treasury))


def test_of_a_lease_costs_three_quarters_of_a_seats_weight(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    seat(world, owner, 3, COLLATERAL)
    verdict.send(slash(world, job, owner, 300, world.treasury))
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == COLLATERAL // 8
    assert position(world, owner).catch_rate == 65_536 // 8
    assert (position(world, owner).collateral, pool(world).collateral) == (COLLATERAL, COLLATERAL)


def test_of_a_ballot_takes_the_collateral(world: World, owner: Actor, verdict: Caller) -> None:
    seat(world, owner, 3, COLLATERAL)
    ballot = Pubkey(b"\x08" * 32)
    verdict.send(lock(ballot, owner, verdict.key, 100 * NLOV, 0))
    verdict.send(slash(world, ballot, owner, 100 * NLOV, world.treasury))
    left = position(world, owner)
    assert (left.amount, left.collateral) == (STAKED - 100 * NLOV, COLLATERAL - 100 * NLOV)
    assert (left.balloted, left.exposed) == (0, 320)
    assert pool(world).collateral == COLLATERAL - 100 * NLOV
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == (COLLATERAL - 100 * NLOV) // 8
    world.check_conserved()


@pytest.mark.parametrize(("burn_bps", "burned"), [(1, 1), (3_333, 34), (10_000, 101)])
def test_burns_by_the_terms_of_the_job(
    world: World, owner: Actor, job: Pubkey, burn_bps: int, burned: int
) -> None:
    supply = world.supply()
    verdict = Caller(world, "verdict")
    verdict.send(slash(world, job, owner, 101, world.treasury, burn_bps=burn_bps))
    assert world.supply() == supply - burned
    world.check_conserved()


def test_lowers_the_budget_of_the_operator_that_exposed_it(
    world: World, owner: Actor, registry: Caller, verdict: Caller
) -> None:
    operator = world.actor("operator")
    appoint(world, owner, operator, 500)
    job = Pubkey(b"\x08" * 32)
    registry.send(lock(job, owner, registry.key, 400, 0, signer=operator))
    verdict.send(slash(world, job, owner, 300, world.treasury))
    left = position(world, owner)
    assert (left.operator_budget, left.operator_exposed) == (200, 100)
    again = lock(Pubkey(b"\x09" * 32), owner, registry.key, 101, 0, signer=operator)
    registry.fails("OperatorBudgetExceeded", again)


def test_refuses_a_released_one(
    world: World, owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    registry.send(unlock(job, owner, registry.key, close=False))
    verdict.fails("AlreadyReleased", slash(world, job, owner, 1, world.treasury))


def test_refuses_nothing(world: World, owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.fails("ZeroAmount", slash(world, job, owner, 0, world.treasury))


def test_refuses_every_other_caller(
    world: World, owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    instruction = slash(world, job, owner, 1, world.treasury)
    registry.fails("WrongCaller", with_account(instruction, verdict.key, registry.key))
    by_wallet = with_account(instruction, verdict.key, owner.key)
    world.fails("WrongCaller", by_wallet, signers=[owner])


def test_attack_01_the_program_must_sign(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    instruction = slash(world, job, owner, 1, world.treasury)
    world.fails("AccountNotSigner", unsigned(instruction, verdict.key))


def test_refuses_anothers_position(
    world: World, owner: Actor, other: Actor, verdict: Caller, job: Pubkey
) -> None:
    wrong = staking.position_address(other.key)
    instruction = slash(world, job, owner, 1, world.treasury, position=wrong)
    verdict.fails("WrongExposure", instruction)


def test_attack_06_fake_token_program(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    fake = slash(world, job, owner, 1, world.treasury, token_program=SYSTEM_PROGRAM)
    verdict.fails("InvalidProgramId", fake)


def test_attack_07_the_vault_as_its_own_destination(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    vault = staking.stake_vault_address()
    verdict.fails("TokenDelta", slash(world, job, owner, 100, vault))


def test_attack_11_the_largest_amount(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.fails("SlashExceedsExposure", slash(world, job, owner, 2**64 - 1, world.treasury))


def test_attack_14_cannot_be_front_run(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    """The owner first withdraws all it can; the whole exposure is still there to take."""
    request = staking.request_unstake(
        amount=STAKED - 320, owner=owner.key, ticket=staking.ticket_address(owner.key, 0)
    )
    world.send(request, signers=[owner])
    verdict.send(slash(world, job, owner, 300, world.treasury))
    assert position(world, owner).amount == 20
