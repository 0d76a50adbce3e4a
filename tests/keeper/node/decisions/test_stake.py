import pytest

from keeper.node.decisions.stake import Stake
from neurolov_client.bindings.staking import Checkpoint


def staked(amount: int, *changes: tuple[int, int]) -> Stake:
    """Stake whose amounts before its changes are given by window, the latest first."""
    ring = [Checkpoint(window=window, amount=before) for window, before in changes]
    ring += [Checkpoint(window=0, amount=0)] * (8 - len(ring))
    return Stake(amount, amount, 0, tuple(ring))


@pytest.mark.parametrize(("now", "counts"), [(3, 5), (4, 5), (5, 5), (9, 9)])
def test_stake_counts_once_two_windows_have_begun(now: int, counts: int) -> None:
    stake = staked(10, (3, 0))
    assert stake.counts_from(now) == counts
    assert stake.weight(counts) == 10
    assert counts == now or stake.weight(counts - 1) == 0


def test_added_stake_counts_later_than_what_stood() -> None:
    stake = staked(15, (4, 10), (1, 0))
    assert stake.counts_from(4) == 6
    assert [stake.weight(window) for window in (4, 5, 6)] == [10, 10, 15]


def test_what_is_left_after_a_withdrawal_counts_at_once() -> None:
    assert staked(4, (7, 10), (1, 0)).counts_from(7) == 7


@pytest.mark.parametrize(
    ("ballot_room", "operator_room", "owner", "operator"),
    [(10, 4, 10, 4), (4, 10, 4, 4), (0, 10, 0, 0), (10, 0, 10, 0)],
)
def test_ballots_are_exposed_by_collateral_and_by_the_budget(
    ballot_room: int, operator_room: int, owner: int, operator: int
) -> None:
    held = Stake(100, 90, operator_room, (), ballot_room=ballot_room)
    assert held.ballot_exposable(by_operator=False) == owner
    assert held.ballot_exposable(by_operator=True) == operator
