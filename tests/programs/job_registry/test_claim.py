from dataclasses import replace
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.jobs import ask_for
from keeper.node.decisions.claim_order import lot
from keeper.node.decisions.fixed_point import negative_ln, q32_share
from neurolov_client import SYSTEM_PROGRAM, find_address, job_registry, staking
from neurolov_client.bindings.job_registry import ASK_MACS, Q32_ONE, JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import (
    CAPABILITY,
    OFFER,
    PARAMS,
    Marketplace,
    collateral,
)
from tests.world import NLOV, Actor, unsigned

MARKET = job_registry.market_address()


def agreed(market: Marketplace, macs: int, owner: Actor) -> int:
    """Returns ask * macs * (1 + demand) * (1 + capability) * season, floored at each factor."""
    provider, rules = market.provider_of(owner), market.parameters.job_registry
    demand = market.fetch(job_registry.Market, MARKET).demand_q32
    price = provider.ask * macs // ASK_MACS
    rated = Q32_ONE + q32_share(provider.measured_rate, rules.capability_ref)
    for factor in (Q32_ONE + demand, rated, rules.season_q32):
        price = price * factor >> 32
    return price


def test_leases_the_job(market: Marketplace) -> None:
    owner = market.provider()
    key, _ = market.posted(recorded=0)
    price = agreed(market, market.job(key).macs, owner) + OFFER.urgency
    sent = market.claim(key, owner)
    job, lease = market.job(key), market.job(key).lease
    assert (job.state, job.attempts) == (JobState.CLAIMED, 0)
    assert (lease.provider, lease.claimed_slot, lease.price) == (owner.key, market.slot, price)
    assert lease.expires_slot == market.slot + PARAMS.lease_slots
    assert lease.cap_slot == lease.expires_slot + job.macs // PARAMS.min_rate_macs_per_slot
    assert (lease.exposure, lease.bond) == collateral(OFFER)
    assert (lease.macs, lease.attempt, lease.has_stage) == (0, 0, 0)
    exposure = market.fetch(staking.Exposure, staking.exposure_address(key, owner.key))
    assert (exposure.amount, exposure.bond) == (lease.exposure, lease.bond)
    assert market.position_of(owner).exposed == lease.exposure + lease.bond
    assert market.provider_of(owner).active == 1
    event = sent.only(job_registry.JobClaimed)
    assert (event.job, event.provider, event.price, event.active) == (key, owner.key, price, 1)
    assert event.envelope.sequence == 2
    assert sent.units <= 30_000


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    stake=st.integers(30 * NLOV, 5_000 * NLOV),
    others=st.integers(0, 10_000 * NLOV),
    reputation=st.integers(0, 65_536),
    half_life=st.integers(1, 200),
    scale=st.integers(0, 50),
    cap=st.integers(0, 200),
)
def test_a_providers_turn_is_exact(
    *, stake: int, others: int, reputation: int, half_life: int, scale: int, cap: int
) -> None:
    market = Marketplace.fresh()
    market.amend(
        claim_scale_slots=scale, claim_max_delay_slots=cap, reputation_half_life_slots=half_life
    )
    owner = market.provider(stake)
    market.edit(
        job_registry.Provider, job_registry.provider_address(owner.key), reputation=reputation
    )
    market.edit(staking.Pool, staking.pool_address(), total_staked=stake + others)
    key, _ = market.posted(price=NLOV, urgency=0)
    claim = steps.claim(market, key, owner)
    market.fails("BeforeTurn", claim, signers=[owner])
    market.warp(1)
    first = market.first_claim_slot(key, owner)
    if first > market.slot:
        market.warp_to(first - 1)
        market.fails("BeforeTurn", claim, signers=[owner])
        market.warp_to(first)
    market.send(claim, signers=[owner])
    assert market.job(key).lease.claimed_slot == first


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    ask=st.integers(1, 10**15),
    measured=st.integers(0, 2**64 - 1),
    demand=st.integers(0, Q32_ONE),
    season=st.integers(1, 4 * Q32_ONE),
    kappa=st.integers(1, 65_535),
    bond_bps=st.integers(0, 10_000),
    least=st.integers(0, 10**15),
    offered=st.integers(PARAMS.min_price, 2**45) | st.integers(PARAMS.min_price, 2**59),
)
def test_price_and_exposure_follow_the_formula(
    *,
    ask: int,
    measured: int,
    demand: int,
    season: int,
    kappa: int,
    bond_bps: int,
    least: int,
    offered: int,
) -> None:
    market = Marketplace.fresh()
    market.amend(season_q32=season, kappa=kappa, bond_bps=bond_bps, min_exposure=least)
    owner = market.provider(ask=ask)
    market.edit(
        job_registry.Provider, job_registry.provider_address(owner.key), measured_rate=measured
    )
    market.edit(staking.Position, staking.position_address(owner.key), amount=2**63, exposed=0)
    market.edit(job_registry.Market, MARKET, demand_q32=demand)
    buyer = market.buyer(2**60)
    offer = replace(OFFER, price=offered, urgency=0)
    key, _ = market.post(buyer, market.graph(buyer), offer=offer)
    price = agreed(market, market.job(key).macs, owner)
    exposure, bond = collateral(offer, market.parameters.job_registry)
    market.reach(market.slot + 1)
    market.reach(market.first_claim_slot(key, owner))
    claim = steps.claim(market, key, owner)
    if price > offer.price:
        market.fails("QuoteAbovePrice", claim, signers=[owner])
    elif exposure >= 2**64:
        market.fails("Overflow", claim, signers=[owner])
    elif exposure + bond > 2**63:
        assert market.fails("InsufficientFreeStake", claim, signers=[owner]).program == "staking"
    else:
        market.send(claim, signers=[owner])
        lease = market.job(key).lease
        assert (lease.price, lease.exposure, lease.bond) == (price, exposure, bond)


@settings(max_examples=500, derandomize=True, database=None)
@given(st.integers(0, 2**64 - 1))
def test_the_logarithm_is_close(x: int) -> None:
    assert abs(negative_ln(x) / Q32_ONE + log((x + 1) / 2**64)) < 2**-24


def test_attack_20_many_keys_win_no_more_than_one() -> None:
    """Splitting a stake over several keys does not change the chance of the first turn."""
    draws = 4_000
    alone, split, shares = 0, 0, 8
    for seed in range(draws):
        lots = [_lot(seed, key) for key in range(shares + 1)]
        rival = negative_ln(lots[-1])
        alone += negative_ln(lots[0]) < rival
        split += min(negative_ln(each) * shares for each in lots[:-1]) < rival
    # Both counts are binomial with p = 1/2: allow five standard deviations of their difference.
    assert abs(alone - split) < 5 * (draws / 2) ** 0.5
    assert abs(split - draws / 2) < 5 * (draws / 4) ** 0.5


def _lot(seed: int, key: int) -> int:
    owner = Pubkey(key.to_bytes(32, "little"))
    return lot(seed.to_bytes(32, "little"), SYSTEM_PROGRAM, owner)


@pytest.mark.parametrize(("after", "error"), [(-1, None), (0, None), (1, "ClaimWindowOver")])
def test_attack_21_the_claim_window_includes_its_last_slot(
    market: Marketplace, after: int, error: str | None
) -> None:
    owner = market.provider()
    key, _ = market.posted()
    market.warp_to(market.job(key).claim_deadline + after)
    claim = steps.claim(market, key, owner)
    if error:
        market.fails(error, claim, signers=[owner])
    else:
        market.send(claim, signers=[owner])


@pytest.mark.parametrize(
    ("windows", "after", "error"),
    [
        (0, None, None),
        (1, -1, "RegisteredTooRecently"),
        (1, 0, None),
        (2, -1, "RegisteredTooRecently"),
        (2, 0, None),
    ],
)
def test_attack_21_a_new_provider_waits_whole_windows(
    market: Marketplace, windows: int, after: int | None, error: str | None
) -> None:
    """Only the windows of registration and of posting count, not the slots within them."""
    market.amend(min_registration_windows=windows)
    market.reach((market.window + 2) * CHECKPOINT_SLOTS - 40)
    owner, buyer = market.registered(), market.buyer()
    graph = market.graph(buyer)
    if after is not None:
        market.reach((market.window + windows) * CHECKPOINT_SLOTS + after)
    key, _ = market.post(buyer, graph)
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner)
    if error:
        market.fails(error, claim, signers=[owner])
    else:
        market.send(claim, signers=[owner])


def test_a_hash_that_aged_out_opens_the_job_to_all(market: Marketplace) -> None:
    market.amend(claim_window_slots=2_000, claim_max_delay_slots=1_000, claim_scale_slots=10**9)
    owner = market.provider()
    key, _ = market.posted()
    claim = steps.claim(market, key, owner)
    posted_slot = market.job(key).posted_slot
    market.warp_to(posted_slot + 512)
    market.fails("BeforeTurn", claim, signers=[owner])
    market.warp_to(posted_slot + 513)
    market.send(claim, signers=[owner])


def test_attack_07_buyer_is_provider(market: Marketplace) -> None:
    owner = market.provider()
    market.mint_to(owner, 1_000 * NLOV)
    market.send(job_registry.open_buyer(owner=owner.key), signers=[owner])
    key, _ = market.post(owner, market.graph(owner))
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner)
    market.fails("BuyerIsProvider", claim, signers=[owner])


def test_refuses_a_provider_that_drains(market: Marketplace) -> None:
    owner = market.provider()
    market.send(
        job_registry.update_provider(capability=CAPABILITY, draining=True, owner=owner.key),
        signers=[owner],
    )
    key, _ = market.posted()
    market.warp(30)
    claim = steps.claim(market, key, owner)
    market.fails("ProviderDraining", claim, signers=[owner])


@pytest.mark.parametrize("spare", [-1, 0])
def test_refuses_a_job_larger_than_the_provider_takes(market: Marketplace, spare: int) -> None:
    probe, _ = market.posted()
    owner = market.provider(max_macs=market.job(probe).macs + spare)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner)
    if spare < 0:
        market.fails("JobTooLarge", claim, signers=[owner])
    else:
        market.send(claim, signers=[owner])


@pytest.mark.parametrize("spare", [-1, 0])
def test_refuses_a_quote_above_the_price(market: Marketplace, spare: int) -> None:
    probe, _ = market.posted()
    macs = market.job(probe).macs
    owner = market.provider(ask=ask_for(2 * NLOV, macs))
    price = agreed(market, macs, owner)
    assert price > NLOV
    key, _ = market.posted(price=price + spare)
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner)
    if spare < 0:
        market.fails("QuoteAbovePrice", claim, signers=[owner])
    else:
        market.send(claim, signers=[owner])


def test_a_cheap_job_exposes_the_least_exposure(market: Marketplace) -> None:
    owner = market.provider()
    key, _ = market.posted(price=PARAMS.min_price, urgency=0)
    market.claim(key, owner)
    assert PARAMS.kappa * PARAMS.min_price < PARAMS.min_exposure
    assert market.job(key).lease.exposure == PARAMS.min_exposure == NLOV


def test_refuses_a_job_that_is_taken(market: Marketplace) -> None:
    other = market.provider()
    key, _, _ = market.leased()
    market.warp(30)
    claim = steps.claim(market, key, other)
    market.fails("JobNotPosted", claim, signers=[other])


def test_bars_who_let_a_lease_expire(market: Marketplace) -> None:
    other = market.provider()
    key, _, owner = market.leased()
    market.expire_lease(key, owner)
    market.warp(30)
    claim = steps.claim(market, key, owner)
    market.fails("ProviderBarred", claim, signers=[owner])
    market.claim(key, other)
    assert market.job(key).lease.attempt == 1


def test_refuses_when_attempts_are_used_up(market: Marketplace) -> None:
    owners = [market.provider() for _ in range(PARAMS.max_attempts + 1)]
    key, _ = market.posted()
    for owner in owners[:-1]:
        market.claim(key, owner)
        market.expire_lease(key, owner)
    market.warp(30)
    claim = steps.claim(market, key, owners[-1])
    market.fails("AttemptsExhausted", claim, signers=[owners[-1]])


def test_refuses_without_the_stake_to_expose(market: Marketplace) -> None:
    owner = market.provider(stake=NLOV)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner)
    assert market.fails("InsufficientFreeStake", claim, signers=[owner]).program == "staking"


def test_attack_10_fake_sysvar(market: Marketplace) -> None:
    owner = market.provider()
    key, _ = market.posted()
    market.warp(30)
    fake = market.person().key
    claim = steps.claim(market, key, owner, slot_hashes=fake)
    market.fails("WrongSlotHashes", claim, signers=[owner])


def test_attack_11_amounts_at_the_end_of_u64(market: Marketplace) -> None:
    owner = market.provider(ask=2**64 - 1)
    market.edit(job_registry.Market, MARKET, demand_q32=2**64 - 1)
    key, _ = market.posted(recorded=0)
    market.warp(30)
    claim = steps.claim(market, key, owner)
    market.fails("Overflow", claim, signers=[owner])


def test_attack_14_stake_cannot_leave_under_a_lease(market: Marketplace) -> None:
    key, _, owner = market.leased()
    position, lease = market.position_of(owner), market.job(key).lease
    free = position.amount - position.exposed
    ticket = find_address((b"ticket", bytes(owner.key), bytes(8)), staking.ID)

    def unstake(amount: int) -> None:
        market.send(
            staking.request_unstake(amount=amount, owner=owner.key, ticket=ticket),
            signers=[owner],
        )

    market.fails(
        "InsufficientFreeStake",
        staking.request_unstake(amount=free + 1, owner=owner.key, ticket=ticket),
        signers=[owner],
    )
    unstake(free)
    assert market.position_of(owner).amount == lease.exposure + lease.bond


def test_refuses_somebody_elses_registration(market: Marketplace) -> None:
    owner, other = market.provider(), market.provider()
    key, _ = market.posted()
    market.warp(30)
    claim = steps.claim(market, key, other, provider=job_registry.provider_address(owner.key))
    market.fails("WrongProvider", claim, signers=[other])


def test_refuses_somebody_elses_stake(market: Marketplace) -> None:
    owner, other = market.provider(), market.provider()
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, other, position=staking.position_address(owner.key))
    market.fails("WrongProvider", claim, signers=[other])
    market.fails("Unauthorized", steps.claim(market, key, owner, other), signers=[other])


def test_refuses_without_the_providers_signature(market: Marketplace) -> None:
    owner = market.provider()
    key, _ = market.posted()
    claim = unsigned(steps.claim(market, key, owner), owner.key)
    market.fails("AccountNotSigner", claim)


@pytest.mark.parametrize("name", ["staking_program", "system_program"])
def test_attack_06_fake_programs(market: Marketplace, name: str) -> None:
    owner = market.provider()
    key, _ = market.posted()
    market.warp(30)
    fake: dict[str, Any] = {name: SYSTEM_PROGRAM if name == "staking_program" else staking.ID}
    claim = steps.claim(market, key, owner, **fake)
    market.fails("InvalidProgramId", claim, signers=[owner])
