"""A task's quote: what it takes, what comes back, and who could join."""

import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.node.decisions.stake import Stake
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.quote import Staker, TaskMarket, TaskQuote, task_quote
from neurolov_client.bindings.staking import CHECKPOINTS, Checkpoint

OFFER = TaskOffer(price=5 * NLOV, tip=NLOV // 100)
NEVER_CHANGED = tuple(Checkpoint(window=0, amount=0) for _ in range(CHECKPOINTS))
NEEDED = 50 * NLOV + 5 * NLOV // 2


def staker(number: int, room: int = NEEDED, operator_room: int | None = None) -> Staker:
    stake = Stake(room, room, operator_room or 0, NEVER_CHANGED)
    return Staker(Pubkey.from_bytes(bytes([number] * 32)), stake, operator_room is not None)


def quoted(*stakers: Staker, offer: TaskOffer = OFFER, buyer: Pubkey | None = None) -> TaskQuote:
    return task_quote(TaskMarket(1_000, 150, LOCALNET_PARAMETERS, stakers), offer, buyer)


def test_what_is_locked_and_what_comes_back() -> None:
    told = quoted()
    fee = LOCALNET_PARAMETERS.escrow.posting_fee
    assert told.locked == 25 * NLOV + 8 * NLOV // 100
    assert told.total == told.locked + fee
    assert told.agreeing == 15 * NLOV + 2 * NLOV // 100 + fee
    assert told.returned == told.total - told.agreeing
    assert told.undecided == 25 * NLOV // 2 + 8 * NLOV // 100 + fee
    assert (told.exposure, told.bond) == (50 * NLOV, 5 * NLOV // 2)


def test_who_could_join() -> None:
    able, buyer, short = staker(1), staker(2), staker(3, NEEDED - 1)
    bound = staker(4, operator_room=NEEDED - 1)
    hot = staker(5, operator_room=NEEDED)
    told = quoted(able, buyer, short, bound, hot, buyer=buyer.owner)
    assert told.able == (able.owner, hot.owner)
    assert told.providers == 5


def test_stake_that_does_not_stand_cannot_join() -> None:
    arrived = (Checkpoint(window=6, amount=0), *NEVER_CHANGED[1:])
    new = Staker(Pubkey.default(), Stake(NEEDED, NEEDED, 0, arrived), by_operator=False)
    assert quoted(new).able == ()


@pytest.mark.parametrize(("n", "most", "rounds"), [(3, 3, 1), (3, 5, 2), (3, 7, 3), (7, 7, 1)])
def test_every_extension_takes_its_rounds(n: int, most: int, rounds: int) -> None:
    rules = LOCALNET_PARAMETERS.redundancy
    told = quoted(offer=TaskOffer(NLOV, 0, n, most))
    each = rules.join_slots + rules.run_slots + rules.reveal_slots + rules.compare_slots
    assert told.latest == rounds * (each + 4)
    assert told.best < told.latest
