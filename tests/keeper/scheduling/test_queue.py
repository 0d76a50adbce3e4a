"""Fair turns with a simulated clock: any costs, any weights, tenants that come and go."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keeper.scheduling import FairQueue, jain_index

COSTS = st.floats(0.001, 5.0)
WEIGHTS = st.floats(0.1, 10.0)
LONGEST = 5.0


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    weights=st.lists(WEIGHTS, min_size=2, max_size=5),
    costs=st.lists(COSTS, min_size=20, max_size=200),
)
def test_two_that_always_want_more_differ_by_a_turn_each(
    weights: list[float], costs: list[float]
) -> None:
    queue, longest = FairQueue(), [0.0] * len(weights)
    names = [f"tenant {number}" for number in range(len(weights))]
    for name, weight in zip(names, weights, strict=True):
        queue.join(name, weight)
        queue.wants(name)
    for cost in costs:
        chosen = queue.next(names)
        assert chosen is not None
        queue.charge(chosen, cost)
        longest[names.index(chosen)] = max(longest[names.index(chosen)], cost)
        shares = [queue.account(name).served / queue.account(name).weight for name in names]
        turns = [most / weight for most, weight in zip(longest, weights, strict=True)]
        for one in range(len(names)):
            for other in range(one):
                allowed = turns[one] + turns[other]
                assert abs(shares[one] - shares[other]) <= allowed + 1e-6


class Market(RuleBasedStateMachine):
    """Tenants join, leave, want and stop wanting; one turn at a time is served."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue()
        self.weights: dict[str, float] = {}
        self.waiting: set[str] = set()
        self.total = 0.0
        self.gone = 0.0

    @rule(number=st.integers(0, 5), weight=WEIGHTS)
    def join(self, number: int, weight: float) -> None:
        name = f"tenant {number}"
        if name in self.weights:
            with pytest.raises(ValueError, match="has joined already"):
                self.queue.join(name, weight)
            return
        self.queue.join(name, weight)
        self.weights[name] = weight

    @precondition(lambda self: self.weights)
    @rule(data=st.data())
    def want(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.weights)))
        if name not in self.waiting:
            self.queue.wants(name)
            self.waiting.add(name)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        self.waiting.remove(data.draw(st.sampled_from(sorted(self.waiting))))

    @precondition(lambda self: self.weights)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.weights)))
        self.gone += self.queue.account(name).served
        self.queue.leave(name)
        self.waiting.discard(name)
        del self.weights[name]

    @rule(cost=COSTS)
    def serve(self, cost: float) -> None:
        chosen = self.queue.next(self.waiting)
        assert (chosen is None) == (not self.waiting)
        if chosen is None:
            return
        self.queue.charge(chosen, cost)
        self.total += cost

    @invariant()
    def every_second_is_somebodys(self) -> None:
        served = sum(self.queue.account(name).served for name in self.weights)
        assert math.isclose(served + self.gone, self.total, abs_tol=1e-6)

    @invariant()
    def who_waits_is_neither_behind_nor_more_than_a_turn_ahead(self) -> None:
        now = self.queue.virtual_time
        for name in self.waiting:
            start = self.queue.account(name).start
            assert now - 1e-9 <= start <= now + LONGEST / self.weights[name] + 1e-9


TestMarket = Market.TestCase
TestMarket.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, database=None
)


def test_who_was_idle_saves_nothing_up() -> None:
    queue = FairQueue()
    queue.join("late", 1.0)
    queue.join("busy", 1.0)
    queue.wants("busy")
    for _ in range(10):
        assert queue.next(["busy"]) == "busy"
        queue.charge("busy", 1.0)
    queue.wants("late")
    turns = []
    for _ in range(6):
        chosen = queue.next(["late", "busy"])
        assert chosen is not None
        turns.append(chosen)
        queue.charge(chosen, 1.0)
    assert turns.count("late") == 3


def test_three_times_the_weight_is_three_times_the_time() -> None:
    queue = FairQueue()
    for name, weight in (("large", 3.0), ("small", 1.0)):
        queue.join(name, weight)
        queue.wants(name)
    for _ in range(400):
        chosen = queue.next(["large", "small"])
        assert chosen is not None
        queue.charge(chosen, 0.25)
    assert queue.account("large").served == 75.0
    assert queue.account("small").served == 25.0


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="is not above 0"):
        FairQueue().join("nobody", weight)


def test_nobody_waits_nobody_is_next() -> None:
    assert FairQueue().next([]) is None


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(any))
def test_jains_index_is_between_one_nth_and_one(shares: list[float]) -> None:
    assert 1 / len(shares) - 1e-9 <= jain_index(shares) <= 1 + 1e-9


def test_jains_index_of_known_shares() -> None:
    assert jain_index([2.0, 2.0, 2.0]) == 1.0
    assert jain_index([1.0, 0.0, 0.0, 0.0]) == 0.25
    assert math.isclose(jain_index([1.0, 3.0]), 0.8)


@pytest.mark.parametrize("shares", [[], [0.0], [1.0, -1.0]])
def test_no_shares_have_no_index(shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"no shares|empty"):
        jain_index(shares)
