"""What a provider of the tolerant class does next."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.escrow import Credit
from keeper.node.decisions.stake import LeasableStake, Stake
from keeper.tolerant.decisions.actions import (
    CommitRun,
    FetchRivals,
    Join,
    ReleaseBond,
    RevealRun,
    RunKernel,
    TellAgreement,
    WithdrawCredit,
)
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.provider import (
    LAST_CHANCE_SLOTS,
    RETRY_SLOTS,
    Comparison,
    JoinRules,
    JoinTerms,
    TaskProviderSnapshot,
    bond,
    first_join_slot,
    next_action,
    next_work,
)
from neurolov_client.bindings.staking import Checkpoint
from tests.keeper.tolerant.decisions.views import (
    BUYER,
    DEADLINE,
    ME,
    POSTED,
    TASK,
    VERSION,
    key,
    money,
    run,
    task,
    view,
)

RULES = JoinRules(claim_scale_slots=2, claim_max_delay_slots=32, bond_bps=1_000, join_kappa=5)
BEACON = bytes([9] * 32)
WINDOW_SLOTS = 10
WINDOW = POSTED // WINDOW_SLOTS
EXPOSURE, BOND = 5_005, 101
UNCHANGED = (Checkpoint(window=0, amount=0),)
STAKE = Stake(amount=10_000, lease_room=10_000, operator_room=0, ring=UNCHANGED)
TERMS = JoinTerms(
    rules={VERSION: RULES},
    checkpoint_slots=WINDOW_SLOTS,
    stake=STAKE,
    leasable=LeasableStake(20_000, UNCHANGED),
    by_operator=False,
    min_price=0,
    beacons={TASK: BEACON},
)
OTHER = key(8)


def with_stake(amount: int, **fields: Any) -> JoinTerms:
    """Terms of a provider that has had this stake for long, all of it free."""
    stake = replace(STAKE, **{"amount": amount, "lease_room": amount, **fields})
    return replace(TERMS, stake=stake)


CLOCK = Clock(POSTED)


def snapshot(*views: Any, **fields: Any) -> TaskProviderSnapshot:
    base = TaskProviderSnapshot(owner=ME, tasks=views, terms=TERMS)
    return replace(base, **fields)


def mine(state: TaskState, own: RunState, **fields: Any) -> TaskProviderSnapshot:
    found = task(state, run(0, OTHER, own), run(1, ME, own), **fields)
    return snapshot(view(found), kept=frozenset([TASK]))


def decided(snapshot: TaskProviderSnapshot, clock: Clock) -> Decision:
    """What the role does: it starts work before it takes a step."""
    return next_work(snapshot, clock) or next_action(snapshot, clock)


def test_a_kernel_is_run_before_anything_is_at_stake() -> None:
    offer = view(task())
    assert decided(snapshot(offer), Clock(POSTED)) == RunKernel(TASK)
    first = first_join_slot(offer.task, ME, TERMS)
    ready = snapshot(offer, kept=frozenset([TASK]))
    assert POSTED + 1 < first <= POSTED + 33
    assert decided(ready, Clock(first - 1)) == Wait(first)
    assert decided(ready, Clock(first)) == Join(TASK)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 20_000), st.binary(min_size=32, max_size=32))
def test_the_turn_is_the_chains(stake: int, beacon: bytes) -> None:
    terms = replace(with_stake(stake), beacons={TASK: beacon})
    waits = delay(RULES, lot(beacon, TASK, ME), stake, 20_000)
    assert first_join_slot(task(), ME, terms) == POSTED + 1 + waits
    assert waits <= 32


def test_without_a_hash_the_longest_wait_counts_and_an_aged_one_opens_to_all() -> None:
    assert first_join_slot(task(), ME, replace(TERMS, beacons={})) == POSTED + 33
    assert first_join_slot(task(), ME, replace(TERMS, beacons={TASK: None})) == POSTED


def test_what_arrived_since_the_task_was_posted_does_not_count() -> None:
    ring = (Checkpoint(window=WINDOW, amount=6_000), *UNCHANGED)
    late = with_stake(10_000, ring=ring)
    pool = LeasableStake(30_000, (Checkpoint(window=WINDOW, amount=20_000), *UNCHANGED))
    late = replace(late, leasable=pool)
    waits = delay(RULES, lot(BEACON, TASK, ME), 6_000, 20_000)
    assert first_join_slot(task(), ME, late) == POSTED + 1 + waits
    extended = task(posted_slot=POSTED + 2 * WINDOW_SLOTS)
    waits = delay(RULES, lot(BEACON, TASK, ME), 10_000, 30_000)
    assert first_join_slot(extended, ME, late) == extended.posted_slot + 1 + waits


@pytest.mark.parametrize(
    ("ring", "offered"),
    [
        ((Checkpoint(window=WINDOW, amount=EXPOSURE), *UNCHANGED), True),
        ((Checkpoint(window=WINDOW, amount=EXPOSURE - 1), *UNCHANGED), False),
        ((Checkpoint(window=WINDOW - 1, amount=EXPOSURE - 1), *UNCHANGED), False),
        ((Checkpoint(window=WINDOW - 2, amount=0), *UNCHANGED), True),
    ],
)
def test_stake_must_have_stood_for_two_windows(ring: Any, offered: bool) -> None:
    decision = decided(snapshot(view(task()), terms=with_stake(10_000, ring=ring)), CLOCK)
    assert decision == (RunKernel(TASK) if offered else Wait())


@pytest.mark.parametrize(
    ("room", "offered"), [(EXPOSURE + BOND, True), (EXPOSURE + BOND - 1, False)]
)
def test_an_operator_joins_within_its_budget(room: int, offered: bool) -> None:
    terms = replace(with_stake(10_000, operator_room=room), by_operator=True)
    decision = decided(snapshot(view(task()), terms=terms), CLOCK)
    assert decision == (RunKernel(TASK) if offered else Wait())


def test_each_task_keeps_its_terms() -> None:
    dearer = replace(RULES, join_kappa=10)
    terms = replace(TERMS, rules={VERSION: RULES, VERSION + 1: dearer})
    assert decided(snapshot(view(task()), terms=terms), CLOCK) == RunKernel(TASK)
    later = view(task(terms=VERSION + 1))
    assert decided(snapshot(later, terms=terms), CLOCK) == Wait()


def test_a_bond_is_rounded_up() -> None:
    assert bond(task(price=1_001), RULES) == 101
    assert bond(task(price=1_000), RULES) == 100


@pytest.mark.parametrize(
    ("fields", "terms", "slot"),
    [
        ({"buyer": ME}, TERMS, POSTED),
        ({}, replace(TERMS, min_price=1_002), POSTED),
        ({}, with_stake(EXPOSURE + BOND - 1), POSTED),
        ({}, with_stake(10_000, lease_room=EXPOSURE + BOND - 1), POSTED),
        ({}, None, POSTED),
        ({}, TERMS, DEADLINE + 1),
        ({"state": TaskState.RUNNING}, TERMS, POSTED),
    ],
)
def test_a_task_that_cannot_be_joined_is_not_run(
    fields: dict[str, Any], terms: JoinTerms | None, slot: int
) -> None:
    assert decided(snapshot(view(task(**fields)), terms=terms), Clock(slot)) == Wait()


def test_a_kernel_that_failed_here_is_left_alone() -> None:
    given_up = snapshot(view(task()), unfit=frozenset([TASK]))
    assert decided(given_up, Clock(POSTED)) == Wait()


def test_the_dearest_is_run_first_and_one_at_a_time() -> None:
    cheap, dear = task(), task(address=key(20), price=1_500)
    offers = snapshot(view(cheap), view(dear))
    assert decided(offers, Clock(POSTED)) == RunKernel(key(20))
    joined = replace(dear, runs=(run(0, ME),))
    assert decided(snapshot(view(cheap), view(joined)), Clock(POSTED)) == Wait()
    silent = replace(dear, runs=(run(0, ME, RunState.SILENT),))
    assert decided(snapshot(view(cheap), view(silent)), Clock(POSTED)) == RunKernel(TASK)


def test_what_was_joined_is_committed_and_revealed_until_the_deadline() -> None:
    joined = mine(TaskState.RUNNING, RunState.JOINED)
    assert decided(joined, Clock(DEADLINE)) == CommitRun(TASK)
    assert decided(joined, Clock(DEADLINE + 1)) == Wait()
    committed = mine(TaskState.REVEALING, RunState.COMMITTED)
    assert decided(committed, Clock(DEADLINE)) == RevealRun(TASK)
    assert decided(mine(TaskState.RUNNING, RunState.COMMITTED), Clock(200)) == Wait()
    assert decided(mine(TaskState.REVEALING, RunState.REVEALED), Clock(200)) == Wait()


def test_nothing_is_committed_that_was_not_kept() -> None:
    lost = replace(mine(TaskState.RUNNING, RunState.JOINED), kept=frozenset())
    assert decided(lost, Clock(200)) == Wait()


def test_every_round_is_compared_anew() -> None:
    revealed = mine(TaskState.COMPARING, RunState.REVEALED, round=2)
    assert decided(revealed, Clock(200)) == FetchRivals(TASK)
    old = replace(revealed, compared={TASK: Comparison(1, 0b1, False, 190)})
    assert decided(old, Clock(200)) == FetchRivals(TASK)
    fresh = replace(revealed, compared={TASK: Comparison(2, 0b1, False, 199)})
    assert decided(fresh, Clock(200)) == TellAgreement(TASK, 0b1)
    told = task(TaskState.COMPARING, run(0, ME, RunState.REVEALED, compared=2), round=2)
    assert decided(replace(revealed, tasks=(view(told),)), Clock(200)) == Wait()


def test_a_missing_output_is_asked_for_until_the_last_chance() -> None:
    compared = {TASK: Comparison(1, 0b1, True, 200)}
    partly = replace(mine(TaskState.COMPARING, RunState.REVEALED), compared=compared)
    assert decided(partly, Clock(200)) == Wait(200 + RETRY_SLOTS)
    assert decided(partly, Clock(200 + RETRY_SLOTS)) == FetchRivals(TASK)
    last = DEADLINE - LAST_CHANCE_SLOTS
    assert decided(partly, Clock(last - 1)) == FetchRivals(TASK)
    assert decided(partly, Clock(last)) == TellAgreement(TASK, 0b1)
    late = replace(partly, compared={TASK: Comparison(1, 0b1, True, last - 2)})
    assert decided(late, Clock(last - 1)) == Wait(last)


def test_what_is_owed_is_collected_before_more_is_taken() -> None:
    ended = task(TaskState.SETTLED, run(0, ME, RunState.REVEALED), address=key(30))
    owed = view(ended, money(Credit(BUYER, 5, False), Credit(ME, 7, False)))
    offers = snapshot(view(task()), owed, kept=frozenset([TASK]))
    assert decided(offers, Clock(DEADLINE)) == WithdrawCredit(key(30), 1)
    pulled = view(ended, money(Credit(ME, 7, True)))
    offers = snapshot(view(task()), pulled, kept=frozenset([TASK]))
    assert decided(offers, Clock(DEADLINE)) == ReleaseBond(key(30), 0)
    free = view(replace(ended, runs=(run(0, ME, RunState.REVEALED, released=True),)))
    assert decided(snapshot(view(task()), free), Clock(POSTED)) == RunKernel(TASK)


def test_a_silent_run_is_released_too() -> None:
    ended = view(task(TaskState.UNDECIDED, run(0, OTHER), run(1, ME, RunState.SILENT)))
    assert decided(snapshot(ended), Clock(POSTED)) == ReleaseBond(TASK, 1)


def test_rivals_are_the_others_whose_output_differs() -> None:
    own = run(1, ME, RunState.REVEALED)
    found = task(
        TaskState.COMPARING,
        run(0, key(10), RunState.REVEALED),
        own,
        run(2, key(12), RunState.SILENT),
        run(3, key(13), RunState.REVEALED, root=own.root),
    )
    assert [rival.index for rival in found.rivals_of(own)] == [0]


def test_what_runs_beside_the_loop_delays_no_step() -> None:
    joined = mine(TaskState.RUNNING, RunState.JOINED)
    busy = replace(joined, running=frozenset({RunKernel(key(20))}))
    assert decided(busy, Clock(DEADLINE)) == CommitRun(TASK)
    revealed = mine(TaskState.COMPARING, RunState.REVEALED, round=1)
    running = replace(revealed, running=frozenset({RunKernel(key(20))}))
    assert decided(running, Clock(200)) == FetchRivals(TASK)
    offers = snapshot(view(task()), running=frozenset({RunKernel(key(20))}))
    assert decided(offers, Clock(POSTED)) == Wait()


def test_outputs_that_are_still_on_their_way_at_the_last_chance_agree_with_nobody() -> None:
    revealed = mine(TaskState.COMPARING, RunState.REVEALED, round=2)
    fetching = replace(revealed, running=frozenset({FetchRivals(TASK)}))
    last_chance = DEADLINE - LAST_CHANCE_SLOTS
    assert decided(fetching, Clock(last_chance - 1)) == Wait()
    assert decided(fetching, Clock(last_chance)) == TellAgreement(TASK, 0)
    again = replace(fetching, compared={TASK: Comparison(2, 0b1, True, 190)})
    assert decided(again, Clock(last_chance)) == TellAgreement(TASK, 0b1)
    another_round = replace(fetching, compared={TASK: Comparison(1, 0b1, True, 190)})
    assert decided(another_round, Clock(last_chance)) == TellAgreement(TASK, 0)


def test_the_larger_bond_comes_first_of_two_that_end_together() -> None:
    small = task(TaskState.RUNNING, run(0, ME, RunState.JOINED, bond=1))
    large = task(TaskState.RUNNING, run(0, ME, RunState.JOINED, bond=9), address=key(20))
    both = snapshot(view(small), view(large), kept=frozenset([TASK, key(20)]))
    assert decided(both, Clock(200)) == CommitRun(key(20))
