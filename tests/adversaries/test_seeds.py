"""Honest parties keep their stake, tokens are conserved, and every job ends: 2,000 seeds.

Not hypothesis: here parties have characters and run to the end, and a seed must mean the same run
whatever else is run, so that one command shows a failure again.
"""

import pytest

from tests.adversaries.play import play

SEEDS = 2_000
BATCH = 50


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_honest_parties_never_lose(first: int) -> None:
    for seed in range(first, first + BATCH):
        play(seed)
