import pytest
from solders.instruction import AccountMeta, Instruction

from idl.client import SHARDS, job_registry, staking
from idl.client.bindings.job_registry import JobState
from tests.programs.job_registry.marketplace import PARAMS, Marketplace, conclude

MARKET = job_registry.market_address()
ALL = tuple(range(SHARDS))
EPOCH = PARAMS.epoch_slots


def roll(shards: tuple[int, ...] = ALL) -> Instruction:
    addresses = [job_registry.utilisation_address(shard) for shard in shards]
    return job_registry.roll_market(
        remaining=[AccountMeta(address, False, False) for address in addresses]
    )


def test_attack_21_rolls_once_from_an_epochs_first_slot_on(market: Marketplace) -> None:
    market.warp_to(EPOCH - 1)
    market.fails("MarketCurrent", roll())
    market.warp_to(EPOCH)
    assert market.send(roll()).only(job_registry.MarketRolled).epoch == 1
    market.warp_to(EPOCH + 1)
    market.fails("MarketCurrent", roll())
    market.warp_to(2 * EPOCH)
    market.send(roll())


def test_demand_is_what_was_posted_and_not_settled(market: Marketplace) -> None:
    first, _, owner = market.leased()
    second, _ = market.posted(recorded=0)
    job, other = market.job(first), market.job(second)
    market.edit(job_registry.Job, first, state=JobState.COMMITTED, committed_slot=market.slot)
    market.as_verdict(conclude(first, owner, JobState.SETTLED, job.macs))
    market.warp_to(EPOCH)
    sent = market.send(roll())
    posted = job.macs + other.macs
    state = market.fetch(job_registry.Market, MARKET)
    assert (state.epoch, state.posted_macs, state.settled_macs) == (1, posted, job.macs)
    assert state.demand_q32 == (other.macs << 32) // posted
    assert sent.only(job_registry.MarketRolled).demand_q32 == state.demand_q32
    assert sent.units <= 10_000


def test_an_epoch_without_jobs_has_no_demand(market: Marketplace) -> None:
    market.posted()
    market.warp_to(2 * EPOCH)
    market.send(roll())
    state = market.fetch(job_registry.Market, MARKET)
    assert (state.posted_macs, state.settled_macs, state.demand_q32) == (0, 0, 0)


@pytest.mark.parametrize("shards", [ALL[:-1], (*ALL, 0), (1, 0, *ALL[2:]), (0, 0, *ALL[2:]), ()])
def test_refuses_other_than_all_shards_in_order(
    market: Marketplace, shards: tuple[int, ...]
) -> None:
    market.warp_to(EPOCH)
    market.fails("WrongShards", roll(shards))


def test_refuses_other_accounts_as_shards(market: Marketplace) -> None:
    market.warp_to(EPOCH)
    for address, error in [
        (MARKET, "AccountDiscriminatorMismatch"),
        (staking.pool_address(), "AccountOwnedByWrongProgram"),
    ]:
        instruction = job_registry.roll_market(
            remaining=[AccountMeta(address, False, False)] * SHARDS
        )
        market.fails(error, instruction)


def test_goes_on_when_epochs_are_numbered_anew(market: Marketplace) -> None:
    market.warp_to(4 * EPOCH)
    market.send(roll())
    market.edit(job_registry.Market, MARKET, epoch=50)
    market.send(roll())
    assert market.fetch(job_registry.Market, MARKET).epoch == 4
