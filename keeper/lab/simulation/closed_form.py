"""Exact probabilities and profits where equal seats, or very many, allow a formula."""

from math import comb

from keeper.lab.simulation.attacks import Attack, Choice, Data
from keeper.lab.simulation.economics import Economics
from keeper.lab.simulation.judgement import Ending
from keeper.lab.simulation.profit import payoffs


def some_honest(verifiers: int, honest: int, seats: int) -> float:
    """Probability that `verifiers` drawn of equal `seats` hold at least one of `honest`."""
    return 1 - comb(seats - honest, verifiers) / comb(seats, verifiers)


def honest_majority(verifiers: int, honest: int, seats: int) -> float:
    """Probability that more than half of `verifiers` drawn of equal `seats` are of `honest`."""
    ways = sum(
        comb(honest, count) * comb(seats - honest, verifiers - count)
        for count in range(verifiers // 2 + 1, verifiers + 1)
    )
    return ways / comb(seats, verifiers)


def some_honest_of_many(verifiers: int, share: float) -> float:
    """`some_honest` for ever more and smaller seats: 1 - (1 - share)^k, never below `share`."""
    return float(1 - (1 - share) ** verifiers)


def honest_majority_of_many(verifiers: int, share: float) -> float:
    """`honest_majority` for ever more and smaller seats; below `share` where that is below 1/2."""
    return sum(
        comb(verifiers, count) * share**count * (1 - share) ** (verifiers - count)
        for count in range(verifiers // 2 + 1, verifiers + 1)
    )


def expected_profit(economics: Economics, data: Data, sampling: float, caught: float) -> float:
    """Profit of skipping all work in prices of the job, when a sampled cheat is `caught` so often.

    (1 - q) earned - q loss with q = sampling * caught: the loss is that of a proof where data is
    served, and of an unanswered question where it is withheld.
    """
    values = payoffs(economics, Attack(data, Choice.ACCEPT, 1.0))
    loss = values[Ending.CONVICTED if data is Data.SERVED else Ending.UNANSWERED]
    probability = sampling * caught
    return float((1 - probability) * values[Ending.PAID] + probability * loss)
