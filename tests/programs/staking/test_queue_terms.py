from dataclasses import replace
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.stakers import pool
from neurolov_client import TOKEN_PROGRAM, escrow, staking
from neurolov_client.bindings.staking import QUEUED_WINDOWS, TermsState
from tests.programs.forging import copied, other_bump
from tests.world import World, unsigned, with_account
from tests.world.governing import applying, enact, queue, queueing, terms_numbered

DELAY = LOCALNET_PARAMETERS.staking.unbonding_slots + QUEUED_WINDOWS * CHECKPOINT_SLOTS


def changed(part: str, **values: Any) -> staking.Parameters:
    """Returns localnet's parameters with these of one program changed."""
    program = replace(getattr(LOCALNET_PARAMETERS, part), **values)
    return replace(LOCALNET_PARAMETERS, **{part: program})


def test_stores_the_next_version_and_changes_nothing_yet(world: World) -> None:
    parameters = changed("escrow", fee_bps=250)
    treasury = world.actor("treasurer").tokens
    before, params = terms_numbered(world, 0), pool(world).params
    lamports = world.bank.balance(world.authority.key)
    sent = queue(world, parameters, treasury=treasury)
    queued = terms_numbered(world, 1)
    assert (queued.version, queued.state) == (1, TermsState.QUEUED)
    assert (queued.parameters, queued.treasury) == (parameters, treasury)
    assert (queued.checkpoint_slots, queued.queued_slot) == (CHECKPOINT_SLOTS, world.slot)
    assert queued.applies_slot == world.slot + DELAY
    assert queued.lapses_slot == world.slot + 2 * DELAY
    assert (terms_numbered(world, 0), pool(world).params, pool(world).terms) == (before, params, 0)
    rent = world.bank.balance(staking.terms_address(1))
    assert world.bank.balance(world.authority.key) == lamports - rent
    event = sent.only(staking.TermsQueued)
    assert (event.version, event.parameters, event.treasury) == (1, parameters, treasury)
    assert event.applies_slot == queued.applies_slot
    assert event.lapses_slot == queued.lapses_slot
    assert sent.units <= 40_000


def test_one_version_at_a_time(world: World) -> None:
    queue(world)
    again = queueing(world, changed("escrow", fee_bps=250))
    world.fails("AccountAlreadyInUse", again, signers=[world.authority])
    following = queueing(world, version=2)
    world.fails("WrongTerms", following, signers=[world.authority])


@pytest.mark.parametrize("version", [0, 2, 65_535])
def test_refuses_any_version_but_the_next(world: World, version: int) -> None:
    error = "AccountAlreadyInUse" if version == 0 else "WrongTerms"
    world.fails(error, queueing(world, version=version), signers=[world.authority])


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("staking", {"unbonding_slots": 2**64 - 1}),
        ("staking", {"unbonding_slots": 15}),
        ("staking", {"min_verifier_stake": 0}),
        ("escrow", {"fee_bps": 2_001}),
        ("escrow", {"fee_bps": 10_000}),
        ("job_registry", {"kappa": 0}),
        ("job_registry", {"kappa": 1_001}),
        ("job_registry", {"claim_window_slots": 15}),
        ("job_registry", {"lease_slots": 5_000_001}),
        ("job_registry", {"max_attempts": 256}),
        ("verdict", {"answer_slots": 99}),
        ("verdict", {"answer_slots": 401}),
        ("verdict", {"ballot_exposure": 0}),
        ("verdict", {"p_floor_bps": 10_001}),
        ("redundancy", {"join_kappa": 0}),
        ("redundancy", {"bond_bps": 0}),
    ],
)
def test_refuses_a_parameter_out_of_its_bounds(
    world: World, part: str, values: dict[str, int]
) -> None:
    world.fails("OutOfBounds", queueing(world, changed(part, **values)), signers=[world.authority])


@pytest.mark.parametrize(
    ("part", "name", "value", "step"),
    [
        ("staking", "unbonding_slots", 400, 1),
        ("staking", "unbonding_slots", 100, -1),
        ("escrow", "posting_fee", 20_000_000, 1),
        ("escrow", "posting_fee", 5_000_000, -1),
        ("job_registry", "min_exposure", 2 * 10**9, 1),
        ("verdict", "answer_slots", 300, 1),
        ("verdict", "trap_slots", 40, 1),
        ("redundancy", "run_slots", 150, -1),
        ("redundancy", "run_slots", 600, 1),
    ],
)
def test_a_number_may_halve_or_double_and_no_more(
    world: World, part: str, name: str, value: int, step: int
) -> None:
    beyond = changed(part, **{name: value + step})
    world.fails("StepTooLarge", queueing(world, beyond), signers=[world.authority])
    queue(world, changed(part, **{name: value}))


def test_a_zero_may_rise_to_a_hundredth_of_its_bound(world: World) -> None:
    assert LOCALNET_PARAMETERS.verdict.lazy_bps == 0
    beyond = changed("verdict", lazy_bps=101)
    world.fails("StepTooLarge", queueing(world, beyond), signers=[world.authority])
    queue(world, changed("verdict", lazy_bps=100))


def test_a_one_may_fall_to_zero(world: World) -> None:
    assert LOCALNET_PARAMETERS.job_registry.min_registration_windows == 1
    queue(world, changed("job_registry", min_registration_windows=0))


@pytest.mark.parametrize("slots", [500_000, 999_999, 1_000_001, 2_000_000])
def test_attack_halvings_that_have_passed_are_not_undone(world: World, slots: int) -> None:
    """Twenty halvings of a doubled interval would be ten: the emission would grow 1,024-fold."""
    attempt = queueing(world, changed("staking", halving_slots=slots))
    world.fails("StepTooLarge", attempt, signers=[world.authority])


LEAST_BURN = 4_934
"""0.1 (1 - 0.25) (1 + 0.4934 * 25) is just above 1, with localnet's other parameters."""


@pytest.mark.parametrize(
    ("part", "values", "error", "says"),
    [
        ("staking", {"slash_burn_bps": LEAST_BURN - 1}, "CollusionTooHigh", "collusion"),
        ("job_registry", {"kappa": 24}, "CollusionTooHigh", "collusion"),
        ("verdict", {"p_floor_bps": 740}, "SamplingTooLow", "p_floor is too low"),
        ("verdict", {"collusion_bps": 2_593}, "CollusionTooHigh", "collusion is too high"),
        ("verdict", {"lazy_bps": 100, "collusion_bps": 2_550}, "LazinessTooHigh", "lazy"),
        (
            "verdict",
            {"trap_rate_bps": 50, "ballot_exposure": 4 * 10**9},
            "TrapsTooWeak",
            "trap_rate",
        ),
        ("verdict", {"check_cost": 10**9}, "TrapsTooWeak", "trap_rate"),
        ("verdict", {"ballot_exposure": 50 * 10**9}, "CollateralTooLow", "Half of min_verifier"),
        ("verdict", {"silence_fee": 40 * 10**9 + 1}, "CollateralTooLow", "Half of min_verifier"),
        ("job_registry", {"claim_max_delay_slots": 63}, "WindowsTooLong", "32 times"),
        ("job_registry", {"claim_scale_slots": 3}, "WindowsTooLong", "32 times"),
        ("redundancy", {"claim_max_delay_slots": 150}, "WindowsTooLong", "longest waits"),
        ("redundancy", {"claim_scale_slots": 4}, "WindowsTooLong", "32 times"),
        ("job_registry", {"claim_window_slots": 751}, "WindowsTooLong", "five checkpoint"),
        ("escrow", {"burn_bps": 2_001}, "InvalidParams", "range"),
    ],
)
def test_attack_terms_under_which_cheating_pays_are_refused(
    world: World, part: str, values: dict[str, int], error: str, says: str
) -> None:
    attempt = queueing(world, changed(part, **values))
    refusal = world.fails(error, attempt, signers=[world.authority])
    assert says in str(refusal)


def test_the_least_burned_share_is_taken(world: World) -> None:
    queue(world, changed("staking", slash_burn_bps=LEAST_BURN))
    assert terms_numbered(world, 1).parameters.staking.slash_burn_bps == LEAST_BURN


def test_steps_count_from_the_present_terms(world: World) -> None:
    enact(world, changed("escrow", posting_fee=20_000_000))
    beyond = changed("escrow", posting_fee=40_000_001)
    world.fails("StepTooLarge", queueing(world, beyond), signers=[world.authority])
    first = with_account(
        queueing(world, changed("escrow", posting_fee=5_000_000)),
        staking.terms_address(1),
        staking.terms_address(0),
    )
    world.fails("WrongTerms", first, signers=[world.authority])
    queue(world, changed("escrow", posting_fee=40_000_000))
    assert applying(world).accounts[1].pubkey == staking.terms_address(1)


def test_refuses_anybody_else(world: World) -> None:
    other = world.actor("other")
    world.fails("NotAuthority", queueing(world, authority=other), signers=[other])


def test_refuses_a_treasury_of_another_mint(world: World) -> None:
    raw = world.bank.account(world.treasury)
    assert raw is not None
    foreign = Pubkey(b"\x09" * 32)
    data = bytes(Pubkey(b"\x08" * 32)) + bytes(raw.data)[32:]
    world.bank.set_account(foreign, Account(raw.lamports, data, TOKEN_PROGRAM))
    attempt = queueing(world, treasury=foreign)
    world.fails("WrongTokenAccount", attempt, signers=[world.authority])


def test_attack_01_the_authority_must_sign(world: World) -> None:
    world.fails("AccountNotSigner", unsigned(queueing(world), world.authority.key))


def test_attack_03_terms_of_another_program(world: World) -> None:
    fake = copied(world, staking.terms_address(0), owner=escrow.ID)
    attempt = with_account(queueing(world), staking.terms_address(0), fake)
    world.fails("AccountOwnedByWrongProgram", attempt, signers=[world.authority])


def test_attack_08_non_canonical_bump(world: World) -> None:
    wrong = other_bump([b"terms", (1).to_bytes(2, "little")], staking.ID)
    attempt = with_account(queueing(world), staking.terms_address(1), wrong)
    world.fails("ConstraintSeeds", attempt, signers=[world.authority])
