from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.selection import (
    ClaimConditions,
    Registration,
    acceptable,
    aged_score,
    choose,
    first_claim_slot,
    locked,
    quote,
    reputation_at,
    weight,
)
from keeper.exact.decisions.state import Job, JobSnapshot
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.fixed_point import U64_MAX, negative_ln
from keeper.node.decisions.stake import LeasableStake, Stake
from neurolov_client.bindings.job_registry import Q32_ONE
from neurolov_client.bindings.staking import CHECKPOINTS, Checkpoint
from tests.keeper.exact.decisions.views import (
    BUYER,
    JOB,
    PARAMETERS,
    PROVIDER,
    job,
    key,
    view,
)

RULES = replace(
    PARAMETERS.job_registry,
    max_attempts=3,
    min_registration_windows=2,
    claim_scale_slots=2,
    claim_max_delay_slots=20,
    capability_ref=100_000_000,
    reputation_half_life_slots=1_000,
    season_q32=Q32_ONE,
    ageing_q32=Q32_ONE // 10_000,
    kappa=25,
    min_exposure=1_000_000,
    bond_bps=1_000,
)
REGISTRATION = Registration(
    ask=1 << 30,
    max_macs=10_000,
    measured_rate=0,
    reputation=65_536,
    rated_slot=50,
    registered_slot=50,
)
HASH = bytes([7] * 32)
WINDOW_SLOTS = 20
"""Slots of a window; the job of the views is posted in the first slot of window 5."""
NEVER_CHANGED = tuple(Checkpoint(window=0, amount=0) for _ in range(CHECKPOINTS))
STAKE = Stake(10**12, lease_room=10**12, operator_room=0, ring=NEVER_CHANGED)
LEASABLE = LeasableStake(10**12, NEVER_CHANGED)
NEEDED = 25_000_000 + 100_000
"""Exposure and bond of the job of the views, in base units."""


def conditions(**fields: Any) -> ClaimConditions:
    base = ClaimConditions(
        registration=REGISTRATION,
        stake=STAKE,
        by_operator=False,
        leasable=LEASABLE,
        checkpoint_slots=WINDOW_SLOTS,
        demand_q32=0,
        beacons={JOB: HASH},
    )
    return replace(base, **fields)


def registered(**fields: Any) -> ClaimConditions:
    return conditions(registration=replace(REGISTRATION, **fields))


def staked(**fields: Any) -> ClaimConditions:
    return conditions(stake=replace(STAKE, **fields))


def offer(found: Job) -> JobSnapshot:
    return replace(view(found), parameters=replace(PARAMETERS, job_registry=RULES))


def first_slot(found: Job, given: ClaimConditions) -> int:
    return first_claim_slot(found, RULES, PROVIDER, given)


def test_a_lot_is_the_first_eight_bytes_of_the_hash() -> None:
    digest = sha256(HASH + bytes(JOB) + bytes(PROVIDER)).digest()
    assert lot(HASH, JOB, PROVIDER) == int.from_bytes(digest[:8], "little")


def test_weight_keeps_a_quarter_without_reputation() -> None:
    assert weight(10**12, 65_536) == 10**12
    assert weight(10**12, 0) == 25 * 10**10


@given(st.integers(0, 65_536), st.integers(1, 10**6), st.integers(0, 10**8))
def test_reputation_halves_with_every_half_life(rated: int, half_life: int, idle: int) -> None:
    known = replace(REGISTRATION, reputation=rated)

    def at(slot: int) -> int:
        return reputation_at(known, known.rated_slot + slot, half_life)

    assert at(0) == rated
    assert at(half_life) == rated // 2
    assert 0 <= at(idle + 1) <= at(idle) <= rated
    exact = Fraction(rated, 2 ** min(64, idle // half_life))
    exact *= 1 - Fraction(idle % half_life, 2 * half_life)
    assert abs(at(idle) - exact) <= 1


def test_a_provider_without_jobs_falls_behind() -> None:
    busy, idle = registered(rated_slot=100), registered(rated_slot=100 - 20 * 1_000)
    newcomer = registered(reputation=0)
    assert first_slot(job(), busy) < first_slot(job(), idle)
    assert first_slot(job(), idle) == first_slot(job(), newcomer)


@given(st.integers(0, U64_MAX), st.integers(1, U64_MAX), st.integers(0, U64_MAX))
def test_the_delay_is_the_formula_rounded_up_and_capped(drawn: int, own: int, total: int) -> None:
    shares = -(-total * Q32_ONE // own)
    exact, rest = divmod(negative_ln(drawn) * shares * 2, 2**64)
    assert delay(RULES, drawn, own, total) == min(20, exact + bool(rest))


def test_without_weight_the_delay_is_the_longest() -> None:
    assert delay(RULES, U64_MAX, 0, 10**12) == 20


def test_more_stake_never_waits_longer() -> None:
    waits = [delay(RULES, 12345, own, 10**12) for own in range(10**10, 10**12, 10**10)]
    assert waits == sorted(waits, reverse=True)


def test_claims_open_one_slot_after_posting_plus_the_delay() -> None:
    left = reputation_at(REGISTRATION, job().posted_slot, RULES.reputation_half_life_slots)
    waits = delay(RULES, lot(HASH, JOB, PROVIDER), weight(10**12, left), 10**12)
    assert first_slot(job(), conditions()) == 101 + waits


def test_without_the_hash_the_longest_wait_counts() -> None:
    assert first_slot(job(), conditions(beacons={})) == 121


def test_an_aged_out_hash_opens_the_job_to_all() -> None:
    assert first_slot(job(), conditions(beacons={JOB: None})) == 100


@pytest.mark.parametrize(
    ("ring", "counts"),
    [
        # what arrived in the window of the posting, or in the one before it, does not count
        ((Checkpoint(window=5, amount=4 * 10**11), *NEVER_CHANGED[1:]), 4 * 10**11),
        ((Checkpoint(window=4, amount=4 * 10**11), *NEVER_CHANGED[1:]), 4 * 10**11),
        ((Checkpoint(window=3, amount=4 * 10**11), *NEVER_CHANGED[1:]), 10**12),
    ],
)
def test_stake_counts_once_two_windows_have_begun(
    ring: tuple[Checkpoint, ...], counts: int
) -> None:
    left = reputation_at(REGISTRATION, job().posted_slot, RULES.reputation_half_life_slots)
    waits = delay(RULES, lot(HASH, JOB, PROVIDER), weight(counts, left), 10**12)
    assert first_slot(job(), staked(ring=ring)) == 101 + waits


def test_stake_that_leases_hold_vouches_for_none_that_arrived() -> None:
    arrived = (Checkpoint(window=5, amount=6 * 10**11), *NEVER_CHANGED[1:])
    busy = staked(ring=arrived, lease_room=4 * 10**11)
    assert first_slot(job(), busy) == 121


def test_all_stake_that_can_back_leases_is_shared_as_it_stood() -> None:
    left = reputation_at(REGISTRATION, job().posted_slot, RULES.reputation_half_life_slots)
    ring = (Checkpoint(window=5, amount=2 * 10**12), *NEVER_CHANGED[1:])
    grown = conditions(leasable=LeasableStake(9 * 10**12, ring))
    waits = delay(RULES, lot(HASH, JOB, PROVIDER), weight(10**12, left), 2 * 10**12)
    assert first_slot(job(), grown) == 101 + waits


@pytest.mark.parametrize(("registered_slot", "eligible"), [(79, True), (80, False)])
def test_a_newcomer_waits_out_two_windows(registered_slot: int, eligible: bool) -> None:
    newcomer = registered(registered_slot=registered_slot)
    assert acceptable(job(), RULES, PROVIDER, newcomer) is eligible
    reopened = job(posted_slot=120)
    assert acceptable(reopened, RULES, PROVIDER, newcomer)


def test_the_quote_multiplies_demand_capability_and_season() -> None:
    assert quote(1_000, RULES, REGISTRATION, 0) == 1_000
    assert quote(1_000, RULES, REGISTRATION, Q32_ONE // 2) == 1_500
    assert quote(1_000, RULES, replace(REGISTRATION, measured_rate=50_000_000), 0) == 1_500
    assert quote(1_000, RULES, replace(REGISTRATION, measured_rate=10**9), 0) == 2_000
    winter = replace(RULES, season_q32=Q32_ONE // 4)
    assert quote(1_000, winter, REGISTRATION, 0) == 250


def test_a_quote_beyond_u64_is_none() -> None:
    dearest = replace(REGISTRATION, ask=U64_MAX)
    assert quote(U64_MAX, RULES, dearest, 0) is None
    assert quote(1 << 30, RULES, replace(dearest, measured_rate=10**9), 0) is None


def test_the_bond_is_rounded_up_and_the_exposure_has_a_floor() -> None:
    assert locked(1_000_001, RULES) == (25_000_025, 100_001)
    assert locked(2_001, RULES) == (1_000_000, 201)


@given(st.integers(1, 1 << 40))
def test_the_exposure_does_not_depend_on_the_ask(ask: int) -> None:
    asking = registered(ask=ask)
    quoted = quote(1_000, RULES, asking.registration, 0)
    room = replace(STAKE, lease_room=NEEDED)
    short = replace(STAKE, lease_room=NEEDED - 1)
    affordable = quoted is not None and quoted <= job().price
    assert acceptable(job(), RULES, PROVIDER, replace(asking, stake=room)) is affordable
    assert not acceptable(job(), RULES, PROVIDER, replace(asking, stake=short))


def test_an_acceptable_job() -> None:
    assert acceptable(job(), RULES, PROVIDER, conditions())


@pytest.mark.parametrize(
    ("found", "given"),
    [
        (job(JobState.CLAIMED), conditions()),
        (job(attempts=3), conditions()),
        (job(macs=10_001), conditions()),
        (job(buyer=PROVIDER), conditions()),
        (job(price=999), conditions()),
        (job(), staked(lease_room=NEEDED - 1)),
        (job(urgency=1), staked(lease_room=NEEDED)),
        (job(), registered(ask=U64_MAX)),
    ],
)
def test_a_job_that_the_chain_would_refuse_is_left(found: Job, given: ClaimConditions) -> None:
    assert not acceptable(found, RULES, PROVIDER, given)
    assert choose([offer(found)], PROVIDER, given, Clock(300)) is None


def test_stake_that_just_suffices_is_enough() -> None:
    assert acceptable(job(), RULES, PROVIDER, staked(lease_room=NEEDED))


@pytest.mark.parametrize(("budget", "accepted"), [(NEEDED, True), (NEEDED - 1, False)])
def test_an_operator_claims_within_its_budget(budget: int, accepted: bool) -> None:
    given = replace(staked(operator_room=budget), by_operator=True)
    assert acceptable(job(), RULES, PROVIDER, given) is accepted
    assert acceptable(job(), RULES, PROVIDER, replace(given, by_operator=False))


def test_the_deadline_is_the_last_slot_to_claim() -> None:
    assert choose([offer(job())], PROVIDER, conditions(), Clock(400)) == job()
    assert choose([offer(job())], PROVIDER, conditions(), Clock(401)) is None


def test_before_its_turn_the_provider_learns_when_to_come_back() -> None:
    opens = first_slot(job(), conditions())
    assert choose([offer(job())], PROVIDER, conditions(), Clock(opens - 1)) == opens
    assert choose([offer(job())], PROVIDER, conditions(), Clock(opens)) == job()


def test_the_best_score_is_taken_and_age_counts() -> None:
    rich = job(address=key(20), score_q32=Q32_ONE // 2)
    poor = job(address=key(21), score_q32=0)
    given = conditions(beacons={rich.address: None, poor.address: None})
    offers = [offer(poor), offer(rich)]
    assert choose(offers, PROVIDER, given, Clock(130)) == rich
    old = replace(poor, posted_slot=100, claim_deadline=10_000)
    young = replace(rich, posted_slot=6_000, claim_deadline=10_000)
    assert choose([offer(old), offer(young)], PROVIDER, given, Clock(6_000)) == old
    assert aged_score(old, RULES, Clock(100)) == 0


def test_each_job_is_judged_by_its_own_terms() -> None:
    dearer = replace(RULES, kappa=26)
    given = staked(lease_room=NEEDED)
    later = replace(offer(job()), parameters=replace(PARAMETERS, job_registry=dearer))
    assert choose([offer(job())], PROVIDER, given, Clock(300)) == job()
    assert choose([later], PROVIDER, given, Clock(300)) is None


def test_nobody_claims_its_own_job() -> None:
    assert not acceptable(job(), RULES, BUYER, conditions())
