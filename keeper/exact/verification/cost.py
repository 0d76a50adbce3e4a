"""What a check cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter


@dataclass(slots=True)
class CheckCost:
    """What a check took on this machine: multiply-adds, limb products included, and seconds.

    `hashing_seconds` is the part of `seconds` that went into recomputing commitments; `folded`
    counts the operators that went into folds, `advised` those of them whose sums the provider told.
    """

    macs: int = 0
    folded: int = 0
    advised: int = 0
    seconds: float = 0.0
    hashing_seconds: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Add the seconds of the block to `seconds`."""
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds += perf_counter() - started
