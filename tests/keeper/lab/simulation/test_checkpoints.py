from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.simulation.checkpoints import Checkpoint, History, Pool, Position
from neurolov_client.bindings.staking import CHECKPOINTS

WINDOW_SLOTS = 100
OWNERS = 4
SUPPLY = 1_000
STEPS = 400
WAITS = (0, 1, 5, 40, 99, 100, 101, 350)


@dataclass(slots=True)
class Town:
    """Owners that move stake about, and what was staked and leasable as each window began."""

    random: Random
    pool: Pool
    slot: int = WINDOW_SLOTS
    wallet: int = SUPPLY
    staked: list[list[int]] = field(default_factory=list)
    leasable: list[int] = field(default_factory=list)

    def wait(self) -> None:
        self.slot += self.random.choice(WAITS)
        while len(self.staked) <= self.slot // WINDOW_SLOTS:
            self.staked.append([each.amount for each in self.pool.positions])
            self.leasable.append(sum(each.amount - each.collateral for each in self.pool.positions))

    def step(self) -> None:
        position = self.random.choice(self.pool.positions)
        room = position.lease_room
        most = self.random.randint(1, 300)
        pool, slot = self.pool, self.slot
        match self.random.randrange(11):
            case 0 | 1 | 2:
                amount = min(most, self.wallet)
                pool.stake(slot, position, amount)
                self.wallet -= amount
            case 3 | 4:
                pool.request_unstake(slot, position, min(most, room))
            case 5:
                amount = min(most, position.unbonding)
                pool.withdraw(position, amount)
                self.wallet += amount
            case 6:
                pool.bind(slot, position, min(most, room))
            case 7:
                pool.free(slot, position)
            case 8:
                pool.lease(position, min(most, room))
            case 9:
                pool.release(position, min(most, position.leased))
            case 10:
                pool.slash_lease(slot, position, min(most // 20, position.leased))
                pool.slash_collateral(slot, position, min(most // 20, position.collateral))


def town(seed: int) -> Town:
    return Town(Random(seed), Pool(WINDOW_SLOTS, [Position() for _ in range(OWNERS)]))


def remembered(history: History, window: int, amount: int) -> int:
    return 0 if history.ring[-1].window > window else amount


def check(found: Town) -> None:
    pool = found.pool
    for window, (staked, leasable) in enumerate(zip(found.staked, found.leasable, strict=True)):
        for position, amount in zip(pool.positions, staked, strict=True):
            assert position.at(window) == remembered(position.history, window, amount)
        total = remembered(pool.staked_history, window, sum(staked))
        assert pool.staked_history.at(window, pool.staked) == total
        total = remembered(pool.lease_history, window, leasable)
        assert pool.lease_history.at(window, pool.leasable) == total
        assert sum(each.at(window) for each in pool.positions) <= sum(staked) <= SUPPLY
        check_weights(found, window)


def check_weights(found: Town, window: int) -> None:
    """No stake counts twice, and none that was not there one window earlier."""
    positions = found.pool.positions
    earlier, begun = found.staked[max(0, window - 1)], found.staked[window]
    for position, before, after in zip(positions, earlier, begun, strict=True):
        weight = position.claim_weight(window)
        stood = min(before, after)
        assert position.standing(window) <= stood
        assert weight == 0 or weight + position.collateral + position.leased <= stood
        assert 0 <= weight <= position.lease_room
        assert position.vote_weight(window) <= stood
    real = min(sum(earlier), sum(begun))
    assert sum(each.claim_weight(window) for each in positions) <= real
    assert sum(each.vote_weight(window) for each in positions) <= real


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
    assert [owner.at(window) for window in (1, 2, 3)] == [0, 10, 20]
    assert [owner.standing(window) for window in (2, 3)] == [0, 10]
    assert [pool.standing_staked(window) for window in (2, 3)] == [0, 10]


def test_stake_that_arrives_after_the_beacon_does_not_count() -> None:
    lucky = Position()
    pool = Pool(WINDOW_SLOTS, [lucky])
    posted = 7
    pool.stake(posted * WINDOW_SLOTS + 3, lucky, 30)
    assert [lucky.claim_weight(posted + later) for later in (0, 1, 2)] == [0, 0, 30]


@pytest.mark.parametrize("busy", ["seat", "leases"])
def test_bound_stake_does_not_vouch_for_what_arrives_after_the_beacon(busy: str) -> None:
    """All that stood long enough is busy; all that could back a lease has just arrived."""
    owner = Position()
    pool = Pool(WINDOW_SLOTS, [owner])
    pool.stake(WINDOW_SLOTS, owner, 100)
    if busy == "seat":
        pool.bind(WINDOW_SLOTS, owner, 100)
    else:
        pool.lease(owner, 100)
    posted = 7
    pool.stake(posted * WINDOW_SLOTS + 3, owner, 100)
    assert owner.standing(posted) == owner.lease_room == 100
    assert owner.claim_weight(posted) == 0
    assert owner.claim_weight(posted + 2) == 100
    assert owner.vote_weight(posted) == 100


def test_turns_are_counted_by_what_is_not_collateral() -> None:
    verifier = Position()
    pool = Pool(WINDOW_SLOTS, [verifier])
    pool.stake(WINDOW_SLOTS, verifier, 100)
    pool.bind(2 * WINDOW_SLOTS, verifier, 70)
    pool.free(7 * WINDOW_SLOTS, verifier)
    windows = (2, 3, 4, 7, 8, 9)
    assert [pool.standing_leasable(window) for window in windows] == [0, 30, 30, 30, 30, 100]
    assert [pool.standing_staked(window) for window in windows] == [0, 100, 100, 100, 100, 100]


def changes(pool: Pool, owner: Position) -> dict[str, tuple[Callable[[], None], str]]:
    return {
        "unstake": (lambda: pool.request_unstake(900, owner, 31), "the stake is bound"),
        "bind": (lambda: pool.bind(900, owner, 31), "the stake is bound"),
        "lease": (lambda: pool.lease(owner, 31), "the stake is bound"),
        "release": (lambda: pool.release(owner, 11), "more than is leased"),
        "slash a lease": (lambda: pool.slash_lease(900, owner, 11), "more than is leased"),
        "slash a ballot": (lambda: pool.slash_collateral(900, owner, 61), "more than is bound"),
        "withdraw": (lambda: pool.withdraw(owner, 1), "the stake is not unbonding"),
    }


@pytest.mark.parametrize("change", changes(Pool(1, []), Position()))
def test_a_refused_change_changes_nothing(change: str) -> None:
    owner = Position()
    pool = Pool(WINDOW_SLOTS, [owner])
    pool.stake(WINDOW_SLOTS, owner, 100)
    pool.bind(WINDOW_SLOTS, owner, 60)
    pool.lease(owner, 10)
    before = repr(pool)
    attempt, refusal = changes(pool, owner)[change]
    with pytest.raises(ValueError, match=refusal):
        attempt()
    assert repr(pool) == before


def test_the_history_keeps_the_amount_before_the_first_change() -> None:
    history = History()
    history.record(3, 0)
    history.record(3, 7)
    assert history.ring[0] == Checkpoint(3, 0)
    assert history.at(3, 9) == 0
