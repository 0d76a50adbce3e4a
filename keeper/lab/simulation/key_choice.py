"""How much work an attacker takes that holds many keys and knows the beacon before it acts.

Honest keys claim in the slot of their turn. A leader decides the order within a slot. Nothing
stops the attacker from taking what nobody was due for before the longest wait is over.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.exact.decisions.selection import weight
from keeper.lab.simulation.turns import LOTS, Order, Turns
from neurolov_client.bindings.job_registry import REPUTATION_ONE

_CHUNK: Final = 1 << 12


class Ties(Enum):
    """Who is first when the attacker and honest keys are due in one slot."""

    SHARED = "shared"
    """Any order of the transactions is as likely as any other."""
    LOST = "lost"
    """Every leader puts the attacker first."""


class Rule(Enum):
    """Which of the attacker's stake counts."""

    STANDING = "standing"
    """What stood before the window of the posting: equal parts of it on all keys."""
    ARRIVING = "arriving"
    """What is there when the work is taken: all of it on the keys with the best lots."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Keys that want the same work, each side's stake split into equal parts; base units.

    Idle stake counts in the total and takes no work: what does not provide, or is leased already.
    All keys have the same reputation, Q16. The attacker's keys need no stake for exposures here,
    which favours it.
    """

    order: Order
    honest_keys: int
    honest_stake: int
    attacker_keys: int
    attacker_stake: int
    idle_stake: int = 0
    reputation: int = REPUTATION_ONE

    @property
    def fair_share(self) -> float:
        """Returns the attacker's part of the stake that wants work."""
        return self.attacker_stake / (self.attacker_stake + self.honest_stake)

    @property
    def honest(self) -> Turns:
        """The waits of an honest key."""
        return self._turns(self.honest_stake // self.honest_keys)

    def attacking(self, rule: Rule, places: int = 1) -> Turns:
        """Returns the waits of each of the attacker's keys that may take one of `places`."""
        keys = self.attacker_keys if rule is Rule.STANDING else places
        return self._turns(self.attacker_stake // keys)

    def _turns(self, stake: int) -> Turns:
        total = self.honest_stake + self.attacker_stake + self.idle_stake
        return Turns.of(self.order, weight(stake, self.reputation), total)


def jobs_won(contest: Contest, rule: Rule, ties: Ties) -> float:
    """Returns the probability that the attacker's best key claims a job.

    Its other keys send nothing in the same slot; `Ties.LOST` bounds what they could add.
    """
    attacker = _before(contest.attacking(rule).due(contest.attacker_keys))
    honest = _before(contest.honest.due())
    keys = contest.honest_keys
    won = attacker[-1] * honest[-1] ** keys
    for wait in range(contest.order.claim_max_delay_slots):
        due = attacker[wait] - attacker[wait + 1]
        before, after = honest[wait], honest[wait + 1]
        first = before**keys
        if ties is Ties.SHARED and before > after:
            # The mean over the attacker's place x within the slot of (before - x (before - after)).
            first = (before ** (keys + 1) - after ** (keys + 1)) / ((keys + 1) * (before - after))
        won += due * first
    return float(won)


def share_taken(
    contest: Contest,
    rule: Rule,
    ties: Ties,
    *,
    postings: int,
    places: int = 1,
    rng: np.random.Generator,
) -> float:
    """Returns the attacker's share of all places in simulated postings.

    A job has one place, a task as many as it has runs; each key takes one of them at most.
    """
    honest, attacking = contest.honest, contest.attacking(rule, places)
    taken = 0
    for begin in range(0, postings, _CHUNK):
        rows = min(_CHUNK, postings - begin)
        # Of the honest keys all count, because each one of a slot may come first in it.
        theirs = honest.waits(_lots(rng, rows, contest.honest_keys))
        own = attacking.waits(_best(_lots(rng, rows, contest.attacker_keys), places))
        late = contest.order.claim_max_delay_slots if ties is Ties.SHARED else 0
        taken += _firsts(theirs, own, places, late, rng)
    return taken / (postings * places)


def _before(due: NDArray[np.float64]) -> NDArray[np.float64]:
    """(longest wait + 1,) probability of waiting at least t, from t = 0 to the longest wait."""
    return np.concatenate(([1.0], 1 - due))


def _lots(rng: np.random.Generator, rows: int, keys: int) -> NDArray[np.uint64]:
    return rng.integers(0, LOTS - 1, (rows, keys), np.uint64, endpoint=True)


def _best(lots: NDArray[np.uint64], places: int) -> NDArray[np.uint64]:
    """(rows, at most places) the greatest lots of each row, in no order."""
    keys = lots.shape[1]
    if places >= keys:
        return lots
    greatest: NDArray[np.uint64] = lots.max(axis=1, keepdims=True)
    if places > 1:
        greatest = np.partition(lots, keys - places, axis=1)[:, keys - places :]
    return greatest


def _firsts(
    honest: NDArray[np.int64],
    attacker: NDArray[np.int64],
    places: int,
    late: int,
    rng: np.random.Generator,
) -> int:
    """Returns how many of the first `places` of all rows of waits are the attacker's.

    Within a slot the order is random, and from a wait of `late` slots on the attacker is first.
    """
    waits = np.concatenate((honest, attacker), axis=1)
    own = np.arange(waits.shape[1]) >= honest.shape[1]
    place = rng.random(waits.shape)
    ahead = np.where(own, place / 2, (1 + place) / 2)
    turns = waits + np.where(waits >= late, ahead, place)
    first = np.argpartition(turns, places - 1, axis=1)[:, :places]
    return int(own[first].sum())
