"""Seeded Monte Carlo simulation of cheated jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from keeper.lab.simulation.attacks import ATTACKS, Attack
from keeper.lab.simulation.economics import Economics, sampling_probability
from keeper.lab.simulation.judgement import Ending, judge
from keeper.lab.simulation.profit import Estimate, estimate
from keeper.lab.simulation.seats import DrawCounts
from neurolov_client.bindings.job_registry import REPUTATION_ONE


@dataclass(frozen=True, slots=True)
class Trials:
    """How many sampled jobs came to each ending, in Ending's order, by attack."""

    endings: Mapping[Attack, tuple[int, ...]]

    def best(self, economics: Economics, reputation: int = REPUTATION_ONE) -> Estimate:
        """Returns the attack that pays most; `reputation` (Q16) decides how often it is sampled.

        `economics` may differ from that of the trials in what no draw depends on: the floor,
        kappa, and how a slash is split.
        """
        sampling = sampling_probability(reputation, economics.p_floor_bps)
        each = (
            estimate(economics, attack, endings, sampling)
            for attack, endings in self.endings.items()
        )
        return max(each, key=lambda found: found.high)


def simulate(
    draws: DrawCounts,
    *,
    rng: np.random.Generator,
    attended: bool = True,
    attacks: tuple[Attack, ...] = ATTACKS,
) -> Trials:
    """Judges jobs with these draws under each attack; `attended` as in judgement.judge."""
    endings = {}
    for attack in attacks:
        counts = [0] * len(Ending)
        for drawn, times in draws.items():
            probabilities = judge(drawn, attack, attended)
            if 1.0 in probabilities:
                counts[probabilities.index(1.0)] += times
            else:
                found = rng.multinomial(times, probabilities).tolist()
                counts = [sum(pair) for pair in zip(counts, found, strict=True)]
        endings[attack] = tuple(counts)
    return Trials(endings)
