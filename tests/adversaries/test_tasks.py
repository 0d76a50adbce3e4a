"""A buyer that blocks its own task pays for every output that it sees, and for silence."""

from random import Random

import pytest

from keeper.lab.market import tasks as market
from neurolov_client.bindings.redundancy import State
from tests.adversaries.tasks import FUNDS, TaskRun
from tests.world import NLOV

SEEDS = 200
BATCH = 50


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_no_honest_run_costs_stake_or_is_seen_for_nothing(first: int) -> None:
    endings = {play(seed) for seed in range(first, first + BATCH)}
    assert endings >= {State.SETTLED, State.UNDECIDED}


def play(seed: int) -> State:
    """Plays a seed, checks the promises and returns how the task ended."""
    run = TaskRun(Random(seed))
    world, fee = run.world, run.world.parameters.escrow
    ended = run.play()
    held = market.stored(world, run.task)
    runs = held.runs[: held.joined]
    run.wind_up()
    world.check_conserved()
    honest, own = {each.key for each in run.honest}, {each.key for each in run.own}
    seen = sum(1 for each in runs if each.provider in honest and any(each.root))
    committed = sum(1 for each in runs if any(each.commitment))
    assert [run.lost(each) for each in run.honest] == [0] * len(run.honest)
    paid = {each.key: world.tokens(each) for each in run.everybody}
    bonds = sum(run.lost(each) for each in run.own)
    outlay = FUNDS - world.tokens(run.buyer) - fee.posting_fee
    band = outlay + bonds - sum(paid[key] for key in own)
    if ended is State.SETTLED:
        net = NLOV - NLOV * fee.fee_bps // 10_000
        winners = [key for key, amount in paid.items() if amount]
        assert set(winners) <= honest or not set(winners) & honest
        assert set(paid.values()) <= {0, net}
        assert outlay == NLOV * len(winners)
    else:
        assert set(paid.values()) == {0}
        half = NLOV * committed // 2 if ended is State.UNDECIDED else 0
        assert outlay == half == world.burned() - run.burned_before
        assert band == half + bonds
        silent = any(each.provider in own and not any(each.commitment) for each in runs)
        # Silence saves a part of the price; the README of the program says how much.
        assert seen == 0 or band >= NLOV
        assert seen == 0 or silent or band > NLOV * seen
    return ended
