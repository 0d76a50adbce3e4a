import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.instruction import AccountMeta

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from neurolov_client import SHARDS, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import DEMAND_PART, Q32_ONE, JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace

MARKET = job_registry.market_address()
ALL = tuple(range(SHARDS))


def state(market: Marketplace) -> job_registry.Market:
    return market.fetch(job_registry.Market, MARKET)


def next_epoch(market: Marketplace, epochs: int = 1) -> int:
    """Lets epochs begin, and returns the number of the last."""
    market.reach((market.window + epochs) * CHECKPOINT_SLOTS)
    return market.window


def test_attack_21_rolls_once_from_an_epochs_first_slot_on(market: Marketplace) -> None:
    market.warp_to(CHECKPOINT_SLOTS - 1)
    market.fails("MarketCurrent", steps.roll(market))
    market.warp_to(CHECKPOINT_SLOTS)
    assert market.send(steps.roll(market)).only(job_registry.MarketRolled).epoch == 1
    market.warp_to(CHECKPOINT_SLOTS + 1)
    market.fails("MarketCurrent", steps.roll(market))
    market.warp_to(2 * CHECKPOINT_SLOTS)
    market.send(steps.roll(market))


def test_demand_moves_towards_the_share_of_capacity_that_settled_work_used(
    market: Marketplace,
) -> None:
    key, _, owner = market.committed()
    macs = market.job(key).macs
    epoch = next_epoch(market)
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, macs))
    capacity = market.provider_of(owner).measured_rate
    assert capacity > 0
    market.reach((epoch + 1) * CHECKPOINT_SLOTS)
    sent = market.send(steps.roll(market))
    rolled = state(market)
    assert (rolled.epoch, rolled.settled_macs, rolled.capacity) == (epoch + 1, macs, capacity)
    possible = capacity * CHECKPOINT_SLOTS
    used = min(macs, possible)
    assert rolled.demand_q32 == (used << 32) // possible // DEMAND_PART > 0
    event = sent.only(job_registry.MarketRolled)
    assert (event.settled_macs, event.capacity) == (macs, capacity)
    assert event.demand_q32 == rolled.demand_q32
    assert sent.units <= 10_000


@pytest.mark.parametrize("outcome", ["posted", "cancelled", "expired", "voided"])
def test_only_settled_work_moves_demand(market: Marketplace, outcome: str) -> None:
    if outcome == "voided":
        key, buyer, owner = market.committed()
        market.as_verdict(steps.conclude(market, key, owner, JobState.VOIDED, 2**60))
    else:
        key, buyer = market.posted(recorded=0)
    if outcome == "cancelled":
        market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    if outcome == "expired":
        market.reach(market.job(key).claim_deadline + 1)
        market.send(steps.expire_job(market, key, buyer), signers=[buyer])
    next_epoch(market)
    market.send(steps.roll(market))
    assert (state(market).settled_macs, state(market).demand_q32) == (0, 0)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(demand=st.integers(0, Q32_ONE), missed=st.integers(0, 12))
def test_a_missed_epoch_counts_as_unused(demand: int, missed: int) -> None:
    market = Marketplace.fresh()
    market.edit(job_registry.Market, MARKET, demand_q32=demand)
    next_epoch(market, missed + 1)
    market.send(steps.roll(market))
    for _ in range(missed + 1):
        demand -= -(-demand // DEMAND_PART)
    assert state(market).demand_q32 == demand


def test_work_of_an_epoch_that_nobody_rolled_is_forgotten(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 2**40))
    next_epoch(market, 2)
    market.send(steps.roll(market))
    assert (state(market).settled_macs, state(market).demand_q32) == (0, 0)


def test_more_work_than_the_capacity_is_full_use(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 2**63))
    next_epoch(market)
    market.send(steps.roll(market))
    assert state(market).demand_q32 == Q32_ONE // DEMAND_PART


def test_a_provider_that_deregisters_takes_its_capacity_along(market: Marketplace) -> None:
    owners = []
    for _ in range(2):
        key, _, owner = market.committed()
        market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 1))
        owners.append(owner)
    rates = [market.provider_of(owner).measured_rate for owner in owners]
    next_epoch(market)
    market.send(steps.roll(market))
    assert state(market).capacity == sum(rates)
    market.send(steps.deregister(owners[0]), signers=[owners[0]])
    next_epoch(market)
    market.send(steps.roll(market))
    assert state(market).capacity == rates[1] > 0


def test_capacity_cannot_be_hidden_in_another_shard(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 1))
    other = job_registry.utilisation_address((shard_of(owner.key) + 1) % SHARDS)
    market.fails("InvalidShard", steps.deregister(owner, utilisation=other), signers=[owner])


@pytest.mark.parametrize("shards", [ALL[:-1], (*ALL, 0), (1, 0, *ALL[2:]), (0, 0, *ALL[2:]), ()])
def test_refuses_other_than_all_shards_in_order(
    market: Marketplace, shards: tuple[int, ...]
) -> None:
    next_epoch(market)
    market.fails("WrongShards", steps.roll(market, shards))


def test_refuses_other_accounts_as_shards(market: Marketplace) -> None:
    next_epoch(market)
    for address, error in [
        (MARKET, "AccountDiscriminatorMismatch"),
        (staking.pool_address(), "AccountOwnedByWrongProgram"),
    ]:
        accounts = [AccountMeta(address, False, False)] * SHARDS
        market.fails(error, steps.roll(market, remaining=accounts))


def test_never_goes_back(market: Marketplace) -> None:
    next_epoch(market, 4)
    market.edit(job_registry.Market, MARKET, epoch=50)
    market.fails("MarketCurrent", steps.roll(market))


def test_refuses_terms_that_are_not_current(market: Marketplace) -> None:
    present, queued = market.terms, market.queue_terms(kappa=50)
    next_epoch(market)
    market.fails("WrongTerms", steps.roll(market, terms=queued))
    market.apply_terms(queued)
    market.fails("WrongTerms", steps.roll(market, terms=present))
    market.send(steps.roll(market))
