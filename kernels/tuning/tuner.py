"""Finds the fastest point of a kernel's space on one adapter."""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from math import inf
from pathlib import Path
from time import perf_counter

from kernels.tuning.cache import Cache, Described
from kernels.tuning.space import Space

BUDGET_SECONDS = 0.5

Measure = Callable[[Mapping[str, int]], float]


class Tuner:
    """Measures once per kernel, shape class and adapter; a cache file keeps the fastest point."""

    def __init__(
        self,
        adapter: Described,
        cache: Path | None = None,
        *,
        budget_seconds: float = BUDGET_SECONDS,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """Uses `cache` as the directory of the files, by default `default_directory()`."""
        self._cache = Cache(adapter, cache)
        self._budget = budget_seconds
        self._clock = clock

    def best(
        self, kernel: str, shape_key: str, space: Space, measure: Measure
    ) -> Mapping[str, int]:
        """Returns the fastest point known for a kernel's source text and a class of shapes.

        The first call searches: `measure` returns the seconds of a point, inf where the adapter
        cannot run it. The search starts at the default and changes one constant at a time, until no
        change is faster or the budget is spent. It returns the default if every point is inf.
        """
        digest = sha256(f"{kernel}\n{space}".encode()).hexdigest()
        key = f"{digest}/{shape_key}"
        known = self._cache.get(key)
        if known in space:
            return {name: int(known[name]) for name in space.values}
        found = self._search(space, measure)
        self._cache.put(key, dict(found))
        return found

    def _search(self, space: Space, measure: Measure) -> Mapping[str, int]:
        end = self._clock() + self._budget
        best = space.default if space.default in space else next(space.points())
        seconds = {_key(best): measure(best)}
        before: Mapping[str, int] | None = None
        while before != best:
            before = best
            for name in space.values:
                for point in _neighbours(space, best, name):
                    if _key(point) in seconds:
                        continue
                    if self._clock() >= end:
                        return best
                    seconds[_key(point)] = measure(point)
                    if seconds[_key(point)] < seconds.get(_key(best), inf):
                        best = point
        return best


def _neighbours(space: Space, point: Mapping[str, int], name: str) -> Iterator[Mapping[str, int]]:
    for value in space.values[name]:
        changed = {**point, name: value}
        if changed in space:
            yield changed


def _key(point: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(point.values())
