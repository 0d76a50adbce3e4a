from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idl.client.bindings.job_registry import Q32_ONE
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.selection import (
    ClaimRules,
    ClaimTerms,
    Standing,
    acceptable,
    aged_score,
    choose,
    first_claim_slot,
    locked,
    quote,
    reputation_at,
    weight,
)
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.fixed_point import U64_MAX, negative_ln
from tests.keeper.exact.decisions.views import BUYER, JOB, PROVIDER, job, key, view

RULES = ClaimRules(
    max_attempts=3,
    min_registration_slots=10,
    claim_scale_slots=2,
    claim_max_delay_slots=20,
    capability_ref=100_000_000,
    reputation_half_life_slots=1_000,
    season_q32=Q32_ONE,
    ageing_q32=Q32_ONE // 10_000,
    kappa=25,
    bond_bps=1_000,
)
STANDING = Standing(
    ask=1 << 30,
    max_macs=10_000,
    measured_rate=0,
    reputation=65_536,
    rated_slot=50,
    registered_slot=50,
    free_stake=10**12,
)
HASH = bytes([7] * 32)


def terms(**fields: Any) -> ClaimTerms:
    base = ClaimTerms(RULES, STANDING, demand_q32=0, total_staked=10**12, beacons={JOB: HASH})
    return replace(base, **fields)


def standing(**fields: Any) -> ClaimTerms:
    return terms(standing=replace(STANDING, **fields))


def test_a_lot_is_the_first_eight_bytes_of_the_hash() -> None:
    digest = sha256(HASH + bytes(JOB) + bytes(PROVIDER)).digest()
    assert lot(HASH, JOB, PROVIDER) == int.from_bytes(digest[:8], "little")


def test_weight_keeps_a_quarter_without_reputation() -> None:
    assert weight(10**12, 65_536) == 10**12
    assert weight(10**12, 0) == 25 * 10**10


@given(st.integers(0, 65_536), st.integers(1, 10**6), st.integers(0, 10**8))
def test_reputation_halves_with_every_half_life(rated: int, half_life: int, idle: int) -> None:
    known = replace(STANDING, reputation=rated)

    def at(slot: int) -> int:
        return reputation_at(known, known.rated_slot + slot, half_life)

    assert at(0) == rated
    assert at(half_life) == rated // 2
    assert 0 <= at(idle + 1) <= at(idle) <= rated
    exact = Fraction(rated, 2 ** min(64, idle // half_life))
    exact *= 1 - Fraction(idle % half_life, 2 * half_life)
    assert abs(at(idle) - exact) <= 1


def test_a_provider_without_jobs_falls_behind() -> None:
    busy, idle = standing(rated_slot=100), standing(rated_slot=100 - 20 * 1_000)
    newcomer = standing(reputation=0)
    assert first_claim_slot(job(), PROVIDER, busy) < first_claim_slot(job(), PROVIDER, idle)
    assert first_claim_slot(job(), PROVIDER, idle) == first_claim_slot(job(), PROVIDER, newcomer)


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
    left = reputation_at(STANDING, job().posted_slot, RULES.reputation_half_life_slots)
    own = weight(STANDING.free_stake, left)
    waits = delay(RULES, lot(HASH, JOB, PROVIDER), own, 10**12)
    assert first_claim_slot(job(), PROVIDER, terms()) == 101 + waits


def test_without_the_hash_the_longest_wait_counts() -> None:
    assert first_claim_slot(job(), PROVIDER, terms(beacons={})) == 121


def test_an_aged_out_hash_opens_the_job_to_all() -> None:
    assert first_claim_slot(job(), PROVIDER, terms(beacons={JOB: None})) == 100


def test_a_newcomer_waits_out_its_registration() -> None:
    late = terms(standing=replace(STANDING, registered_slot=395))
    assert first_claim_slot(job(), PROVIDER, late) == 405
    assert choose([view(job())], PROVIDER, late, Clock(399)) == 405


def test_the_quote_multiplies_demand_capability_and_season() -> None:
    assert quote(1_000, terms()) == 1_000
    assert quote(1_000, terms(demand_q32=Q32_ONE // 2)) == 1_500
    assert quote(1_000, standing(measured_rate=50_000_000)) == 1_500
    assert quote(1_000, standing(measured_rate=10**9)) == 2_000
    winter = terms(rules=replace(RULES, season_q32=Q32_ONE // 4))
    assert quote(1_000, winter) == 250


def test_a_quote_beyond_u64_is_none() -> None:
    assert quote(U64_MAX, standing(ask=U64_MAX)) is None
    assert quote(1 << 30, standing(ask=U64_MAX, measured_rate=10**9)) is None


def test_the_bond_is_rounded_up() -> None:
    assert locked(1_001, 2_001, RULES) == (25_025, 201)


def test_an_acceptable_job() -> None:
    assert acceptable(job(), PROVIDER, terms())


@pytest.mark.parametrize(
    ("found", "conditions"),
    [
        (job(JobState.CLAIMED), terms()),
        (job(attempts=3), terms()),
        (job(macs=10_001), terms()),
        (job(buyer=PROVIDER), terms()),
        (job(price=999), terms()),
        (job(), standing(free_stake=124_999)),
        (job(urgency=1), standing(free_stake=125_000)),
        (job(), standing(ask=U64_MAX)),
    ],
)
def test_a_job_that_the_chain_would_refuse_is_left(found: Any, conditions: ClaimTerms) -> None:
    assert not acceptable(found, PROVIDER, conditions)
    assert choose([view(found)], PROVIDER, conditions, Clock(300)) is None


def test_stake_that_just_suffices_is_enough() -> None:
    assert acceptable(job(), PROVIDER, standing(free_stake=125_000))


def test_the_deadline_is_the_last_slot_to_claim() -> None:
    assert choose([view(job())], PROVIDER, terms(), Clock(400)) == job()
    assert choose([view(job())], PROVIDER, terms(), Clock(401)) is None


def test_before_its_turn_the_provider_learns_when_to_come_back() -> None:
    opens = first_claim_slot(job(), PROVIDER, terms())
    assert choose([view(job())], PROVIDER, terms(), Clock(opens - 1)) == opens
    assert choose([view(job())], PROVIDER, terms(), Clock(opens)) == job()


def test_the_best_score_is_taken_and_age_counts() -> None:
    rich = job(address=key(20), score_q32=Q32_ONE // 2)
    poor = job(address=key(21), score_q32=0)
    conditions = terms(beacons={rich.address: None, poor.address: None})
    offers = [view(poor), view(rich)]
    assert choose(offers, PROVIDER, conditions, Clock(130)) == rich
    old = replace(poor, posted_slot=100, claim_deadline=10_000)
    young = replace(rich, posted_slot=6_000, claim_deadline=10_000)
    assert choose([view(old), view(young)], PROVIDER, conditions, Clock(6_000)) == old
    assert aged_score(old, RULES, Clock(100)) == 0


def test_nobody_claims_its_own_job() -> None:
    assert not acceptable(job(), BUYER, terms())
