from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.simulation.checkpoints import CHECKPOINTS, Checkpoint, History, Pool, Position

WINDOW_SLOTS = 100
OWNERS = 4
SUPPLY = 1_000
STEPS = 400
WAITS = (0, 1, 5, 40, 99, 100, 101, 350)


@dataclass(slots=True)
class Town:
    """Owners that move stake about, and everything that ever was as each window began."""

    random: Random
    pool: Pool
    slot: int = WINDOW_SLOTS
    wallet: int = SUPPLY
    staked: list[list[int]] = field(default_factory=list)
    leasable: list[list[int]] = field(default_factory=list)

    def wait(self) -> None:
        self.slot += self.random.choice(WAITS)
        while len(self.staked) <= self.slot // WINDOW_SLOTS:
            self.staked.append([each.amount for each in self.pool.positions])
            self.leasable.append([each.leasable for each in self.pool.positions])

    def step(self) -> None:
        position = self.random.choice(self.pool.positions)
        moves: list[Callable[[Position, int], None]] = [
            self._stake,
            self._stake,
            self._unstake,
            self._unstake,
            self._withdraw,
            self._bind,
            self._free,
            self._slash,
        ]
        self.random.choice(moves)(position, self.random.randint(1, 300))

    def _stake(self, position: Position, most: int) -> None:
        amount = min(most, self.wallet)
        self.pool.stake(self.slot, position, amount)
        self.wallet -= amount

    def _unstake(self, position: Position, most: int) -> None:
        self.pool.request_unstake(self.slot, position, min(most, position.leasable))

    def _withdraw(self, position: Position, most: int) -> None:
        amount = min(most, position.unbonding)
        self.pool.withdraw(position, amount)
        self.wallet += amount

    def _bind(self, position: Position, most: int) -> None:
        self.pool.bind(self.slot, position, min(most, position.leasable))

    def _free(self, position: Position, most: int) -> None:
        self.pool.free(self.slot, position)

    def _slash(self, position: Position, most: int) -> None:
        collateral = min(most // 20, position.collateral)
        amount = collateral + min(most // 20, position.leasable)
        self.pool.slash(self.slot, position, amount, collateral)


def town(seed: int) -> Town:
    return Town(Random(seed), Pool(WINDOW_SLOTS, [Position() for _ in range(OWNERS)]))


def forgotten(history: History, window: int) -> bool:
    return history.ring[-1].window > window


def check(found: Town) -> None:
    pool = found.pool
    for window, (staked, leasable) in enumerate(zip(found.staked, found.leasable, strict=True)):
        for position, was_staked, was_leasable in zip(
            pool.positions, staked, leasable, strict=True
        ):
            lost = forgotten(position.staked_history, window)
            assert position.staked_at(window) == (0 if lost else was_staked)
            lost = forgotten(position.lease_history, window)
            assert position.leasable_at(window) == (0 if lost else was_leasable)
        lost = forgotten(pool.total.staked_history, window)
        assert pool.total.staked_at(window) == (0 if lost else sum(staked))
        assert sum(each.staked_at(window) for each in pool.positions) <= sum(staked) <= SUPPLY
        check_weights(found, window)


def check_weights(found: Town, window: int) -> None:
    """No stake counts twice, and none that was not there before the window before."""
    earlier = max(0, window - 1)
    real = min(sum(found.leasable[earlier]), sum(found.leasable[window]))
    claims = [each.claim_weight(window) for each in found.pool.positions]
    assert sum(claims) <= real
    for weight, before, after in zip(
        claims, found.leasable[earlier], found.leasable[window], strict=True
    ):
        assert weight <= min(before, after)
    votes = [each.vote_weight(window) for each in found.pool.positions]
    assert sum(votes) <= min(sum(found.staked[earlier]), sum(found.staked[window]))
    if not forgotten(found.pool.total.lease_history, earlier):
        assert sum(claims) <= found.pool.total.standing_leasable(window)


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_the_ring_equals_the_full_history(seed: int) -> None:
    found = town(seed)
    for _ in range(STEPS):
        found.wait()
        found.step()
        latest = len(found.staked)
        if found.random.random() < 0.02 or latest < 4:
            check(found)
    check(found)


def test_a_full_ring_forgets_what_is_older() -> None:
    owner = Position()
    pool = Pool(WINDOW_SLOTS, [owner])
    for window in range(1, CHECKPOINTS + 2):
        pool.stake(window * WINDOW_SLOTS, owner, 10)
    assert [owner.staked_at(window) for window in (1, 2, 3)] == [0, 10, 20]
    assert [owner.standing_staked(window) for window in (2, 3)] == [0, 10]


def test_stake_that_arrives_after_the_beacon_does_not_count() -> None:
    lucky = Position()
    pool = Pool(WINDOW_SLOTS, [lucky])
    posted = 7
    pool.stake(posted * WINDOW_SLOTS + 3, lucky, 30)
    assert lucky.claim_weight(posted) == 0
    assert lucky.claim_weight(posted + 1) == 0
    assert lucky.claim_weight(posted + 2) == 30


def test_collateral_does_not_vouch_for_stake_that_is_lent_after_the_beacon() -> None:
    """A verifier's seat has stood for long; what it can lease has just arrived."""
    verifier = Position()
    pool = Pool(WINDOW_SLOTS, [verifier])
    pool.stake(WINDOW_SLOTS, verifier, 100)
    pool.bind(WINDOW_SLOTS, verifier, 100)
    posted = 7
    pool.stake(posted * WINDOW_SLOTS + 3, verifier, 100)
    assert verifier.standing_staked(posted) == verifier.leasable == 100
    assert verifier.claim_weight(posted) == 0
    assert verifier.vote_weight(posted) == 100


def test_freed_collateral_counts_two_window_starts_later() -> None:
    verifier = Position()
    pool = Pool(WINDOW_SLOTS, [verifier])
    pool.stake(WINDOW_SLOTS, verifier, 100)
    pool.bind(2 * WINDOW_SLOTS, verifier, 100)
    pool.free(7 * WINDOW_SLOTS, verifier)
    assert [verifier.claim_weight(window) for window in (6, 7, 8, 9)] == [0, 0, 0, 100]
    assert [pool.total.standing_leasable(window) for window in (6, 7, 8, 9)] == [0, 0, 0, 100]


@pytest.mark.parametrize("change", ["unstake", "bind", "slash", "withdraw"])
def test_a_refused_change_changes_nothing(change: str) -> None:
    owner = Position()
    pool = Pool(WINDOW_SLOTS, [owner])
    pool.stake(WINDOW_SLOTS, owner, 100)
    pool.bind(WINDOW_SLOTS, owner, 60)
    before = repr(pool)
    changes: dict[str, tuple[Callable[[], None], str]] = {
        "unstake": (lambda: pool.request_unstake(900, owner, 41), "the stake is bound"),
        "bind": (lambda: pool.bind(900, owner, 41), "the stake is bound"),
        "slash": (lambda: pool.slash(900, owner, 41, 0), "more than is staked"),
        "withdraw": (lambda: pool.withdraw(owner, 1), "the stake is not unbonding"),
    }
    attempt, refusal = changes[change]
    with pytest.raises(ValueError, match=refusal):
        attempt()
    assert repr(pool) == before
    with pytest.raises(ValueError, match="more than is bound"):
        pool.slash(900, owner, 70, 61)
    assert repr(pool) == before


def test_the_history_keeps_the_amount_before_the_first_change() -> None:
    history = History()
    history.record(3, 0)
    history.record(3, 7)
    assert history.ring[0] == Checkpoint(3, 0)
    assert history.at(3, 9) == 0
