"""Bounded exponential backoff with full jitter."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """At most `attempts` tries; before try n a pause uniform in [0, min(cap, first * 2^(n-1))].

    Seconds throughout. Full jitter keeps many keepers from returning to a recovering node at once
    (Brooker, "Exponential Backoff And Jitter", 2015).
    """

    attempts: int = 6
    first: float = 0.2
    cap: float = 5.0
    randomness: random.Random = field(default_factory=random.Random)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def pause(self, attempt: int) -> float:
        """Returns the seconds before the given attempt, counted from 1."""
        return self.randomness.uniform(0.0, min(self.cap, self.first * 2.0 ** (attempt - 1)))

    async def tries(self) -> AsyncIterator[int]:
        """Yields attempt numbers from 0, each but the first after its pause."""
        for attempt in range(self.attempts):
            if attempt:
                await self.sleep(self.pause(attempt))
            yield attempt


ONCE: Final = Backoff(attempts=1)
"""No second try: whoever asks decides what follows."""
