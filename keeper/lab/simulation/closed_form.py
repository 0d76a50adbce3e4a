"""Exact probabilities and profits where equal seats, or very many, allow a formula."""

from math import comb

from keeper.lab.simulation.attacks import Attack, Choice, Data
from keeper.lab.simulation.economics import Economics
from keeper.lab.simulation.judgement import Ending
from keeper.lab.simulation.profit import payoffs


def some_honest(verifiers: int, honest: int, seats: int) -> float:
    """Returns the probability that `verifiers` of equal `seats` include one of `honest`."""
    return 1 - comb(seats - honest, verifiers) / comb(seats, verifiers)


def honest_majority(verifiers: int, honest: int, seats: int) -> float:
    """Returns the probability that over half of `verifiers` of equal `seats` are of `honest`."""
    ways = sum(
        comb(honest, count) * comb(seats - honest, verifiers - count)
        for count in range(verifiers // 2 + 1, verifiers + 1)
    )
    return ways / comb(seats, verifiers)


def some_honest_of_many(verifiers: int, share: float) -> float:
    """Returns the limit of `some_honest` for many small seats, which is at least `share`."""
    return float(1 - (1 - share) ** verifiers)


def honest_majority_of_many(verifiers: int, share: float) -> float:
    """Returns the limit of `honest_majority` for many small seats."""
    return sum(
        comb(verifiers, count) * share**count * (1 - share) ** (verifiers - count)
        for count in range(verifiers // 2 + 1, verifiers + 1)
    )


def expected_profit(economics: Economics, data: Data, sampling: float, caught: float) -> float:
    """Returns the profit of skipping all work, in prices of the job.

    It is (1 - q) earned - q loss with q = sampling * caught, the probabilities of a draw and of
    being caught by it. The loss is that of a proof where data is served, and of an unanswered
    question where it is withheld.
    """
    values = payoffs(economics, Attack(data, Choice.ACCEPT, 1.0))
    loss = values[Ending.CONVICTED if data is Data.SERVED else Ending.UNANSWERED]
    probability = sampling * caught
    return float((1 - probability) * values[Ending.PAID] + probability * loss)
