"""How the verdict program judges one cheated job, given the verifiers that its draws picked."""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from keeper.lab.simulation.attacks import Attack, Choice, Data
from neurolov_client.bindings.job_registry import MAX_DRAWS
from neurolov_client.bindings.verdict import QUESTIONS


class Ending(IntEnum):
    """How a cheated job ends."""

    PAID = 0
    CONVICTED = 1
    """Proven wrong: the exposure is slashed, the bond forfeited."""
    UNANSWERED = 2
    """A question about its data stayed open: slashed whole, with no bounty."""
    UNAVAILABLE = 3
    """A second majority cannot get the data: unpaid, unslashed."""


Distribution = tuple[float, float, float, float]
"""Probability of each ending."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Verifiers picked by one draw."""

    honest: int
    lazy: int
    colluding: int

    def __add__(self, other: "Drawn") -> "Drawn":
        return Drawn(
            self.honest + other.honest, self.lazy + other.lazy, self.colluding + other.colluding
        )

    @property
    def size(self) -> int:
        """Returns the number of all verifiers, silent ones included."""
        return self.honest + self.lazy + self.colluding


@dataclass(frozen=True, slots=True)
class _Asked:
    by_majority: bool = False
    by_buyer: bool = False


@lru_cache(maxsize=1 << 18)
def judge(draws: tuple[Drawn, ...], attack: Attack, attended: bool) -> Distribution:
    """Returns the probability of each ending; `draws` are a first draw and its redraws.

    Uncertain is only whether the eight questions hit skipped work. `attended`: the buyer demands
    answers of a paying outcome in which any ballot says that data is missing.
    """
    return _after(draws, 0, attack, attended, _Asked())


def _after(
    draws: tuple[Drawn, ...], index: int, attack: Attack, attended: bool, asked: _Asked
) -> Distribution:
    drawn = sum(draws[1 : index + 1], draws[0])
    if attack.data is Data.SERVED and drawn.honest:
        # Whoever holds the data needs no majority: it proves while ballots are open.
        return _surely(Ending.CONVICTED)
    votes = _votes(drawn, attack)
    last = index + 1 >= min(MAX_DRAWS, len(draws))

    def redraw(asked: _Asked) -> Distribution:
        return _after(draws, index + 1, attack, attended, asked)

    winner = next((choice for choice, count in votes.items() if 2 * count > drawn.size), None)
    if winner is Choice.UNAVAILABLE:
        if asked.by_majority:
            return _surely(Ending.UNAVAILABLE)
        paid = _surely(Ending.PAID)
        return _answered(attack, paid if last else redraw(_Asked(True, asked.by_buyer)))
    if winner is None and not last:
        return redraw(asked)
    # A rejection that nobody can prove pays like an acceptance or a vote without quorum.
    if attended and votes[Choice.UNAVAILABLE] and not asked.by_buyer:
        paid = _surely(Ending.PAID)
        return _answered(attack, paid if last else redraw(_Asked(asked.by_majority, True)))
    return _surely(Ending.PAID)


def _votes(drawn: Drawn, attack: Attack) -> dict[Choice, int]:
    votes = dict.fromkeys((Choice.ACCEPT, Choice.REJECT, Choice.UNAVAILABLE), 0)
    votes[Choice.ACCEPT] += drawn.lazy
    votes[Choice.UNAVAILABLE] += drawn.honest
    if attack.colluders is not Choice.SILENT:
        votes[attack.colluders] += drawn.colluding
    return votes


def _answered(attack: Attack, after: Distribution) -> Distribution:
    """Returns the probability of each ending; `after` holds once all questions are answered.

    Questions are uniform over the work, so each meets the skipped part with its share.
    """
    right = (1 - attack.skipped) ** QUESTIONS
    missed = 1 - right
    paid, convicted, unanswered, unavailable = (right * each for each in after)
    return paid, convicted, unanswered + missed, unavailable


def _surely(ending: Ending) -> Distribution:
    paid, convicted, unanswered, unavailable = (float(ending is each) for each in Ending)
    return paid, convicted, unanswered, unavailable
