"""In 2,000 seeds, honest parties keep their stake, tokens are conserved, and every job ends.

This does not use hypothesis: here parties have characters and play to the end. A seed must give the
same run whatever else is run, so that one command repeats a failure.
"""

import pytest

from tests.adversaries.play import play

SEEDS = 2_000
BATCH = 50


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_honest_parties_never_lose(first: int) -> None:
    for seed in range(first, first + BATCH):
        play(seed)
