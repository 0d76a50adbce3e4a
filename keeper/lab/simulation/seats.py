"""Verifiers' seats, and drawing them by weight without replacement."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.lab.simulation.economics import Economics
from keeper.lab.simulation.judgement import Drawn
from neurolov_client.bindings.job_registry import BPS, MAX_DRAWS

DrawCounts = Mapping[tuple[Drawn, ...], int]
"""How often a first draw and its redraws had this result."""

HONEST, LAZY, COLLUDING = range(3)
SEATS: Final = 40
_CHUNK: Final = 1 << 14
_BASE: Final = 8
"""A base above every count of a draw."""


@dataclass(frozen=True, slots=True)
class Seats:
    """Stake shares `weights` (n,) float64, and what each seat does `conduct` (n,) int8."""

    weights: NDArray[np.float64]
    conduct: NDArray[np.int8]

    @classmethod
    def of(cls, economics: Economics, splits: int = 1) -> "Seats":
        """Returns about 40 equal seats, of which colluders divide theirs into `splits` each.

        Weight is stake: each conduct has exactly its share, however many seats that is.
        """
        collusion = economics.collusion_bps / BPS
        honest = economics.honest_share
        shares = {HONEST: honest, LAZY: 1 - collusion - honest, COLLUDING: collusion}
        weights: list[float] = []
        conduct: list[int] = []
        for kind, share in shares.items():
            if share <= 1e-12:
                continue
            count = max(1, round(SEATS * share)) * (splits if kind == COLLUDING else 1)
            weights += [share / count] * count
            conduct += [kind] * count
        return cls(np.array(weights), np.array(conduct, np.int8))

    def draw(self, rng: np.random.Generator, runs: int, verifiers: int) -> DrawCounts:
        """Draws three times `verifiers` for each of `runs` jobs, fewer where seats run out.

        Exponential keys over weights sort as drawing one by one from what is left does
        (Efraimidis and Spirakis, 2006).
        """
        wanted = min(MAX_DRAWS * verifiers, len(self.weights))
        weights = self.weights.astype(np.float32)
        found: Counter[int] = Counter()
        for begin in range(0, runs, _CHUNK):
            size = min(_CHUNK, runs - begin)
            keys = rng.standard_exponential((size, len(weights)), np.float32) / weights
            nearest = np.argpartition(keys, wanted - 1, axis=1)[:, :wanted]
            order = np.take_along_axis(keys, nearest, axis=1).argsort(axis=1)
            kinds = self.conduct[np.take_along_axis(nearest, order, axis=1)]
            codes, counts = np.unique(_encoded(kinds, verifiers), return_counts=True)
            found.update(dict(zip(codes.tolist(), counts.tolist(), strict=True)))
        return {_decoded(code): count for code, count in found.items()}


def _encoded(kinds: NDArray[np.int8], verifiers: int) -> NDArray[np.int64]:
    """(runs,) one number each: how many of a kind each draw has, a digit each, last draw lowest."""
    code = np.zeros(len(kinds), np.int64)
    for begin in range(0, kinds.shape[1], verifiers):
        for kind in (HONEST, LAZY, COLLUDING):
            count = (kinds[:, begin : begin + verifiers] == kind).sum(axis=1)
            code = code * _BASE + count
    return code


def _decoded(code: int) -> tuple[Drawn, ...]:
    draws: list[Drawn] = []
    while code:
        code, colluding = divmod(code, _BASE)
        code, lazy = divmod(code, _BASE)
        code, honest = divmod(code, _BASE)
        draws.insert(0, Drawn(honest, lazy, colluding))
    return tuple(draws)
