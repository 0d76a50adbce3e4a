import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from keeper.chain.gateway import Backoff


@given(
    attempt=st.integers(1, 60),
    first=st.floats(0.001, 5),
    cap=st.floats(0.001, 60),
    seed=st.integers(),
)
def test_a_pause_grows_no_further_than_its_cap(
    attempt: int, first: float, cap: float, seed: int
) -> None:
    pause = Backoff(first=first, cap=cap, randomness=random.Random(seed)).pause(attempt)
    assert 0 <= pause <= min(cap, first * 2 ** (attempt - 1))


def test_attempts_are_bounded_and_only_the_first_comes_at_once() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def count() -> list[int]:
        backoff = Backoff(attempts=4, first=1, cap=2, randomness=random.Random(1), sleep=sleep)
        return [attempt async for attempt in backoff.tries()]

    assert asyncio.run(count()) == [0, 1, 2, 3]
    assert len(pauses) == 3
    assert all(pause <= cap for pause, cap in zip(pauses, [1, 2, 2], strict=True))
