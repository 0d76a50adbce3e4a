"""The compute units before stake had to stand and work kept its terms, and what may be added."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from keeper.lab.bench.units import Span

MORE: Final[Mapping[str, int]] = MappingProxyType(
    {
        "job_registry.claim": 1_500,
        "redundancy.join": 1_500,
        "verdict.cast_ballot": 1_500,
        "job_registry.post_job": 300,
        "verdict.draw": 300,
    }
)
"""Units that the cheapest call of an instruction may cost more than before."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Compute units of earlier builds: by instruction, of one job's life and of one ballot."""

    instructions: Mapping[str, Span]
    lifecycle: int
    ballot: int

    def change(self, name: str, now: Span) -> int | None:
        """Returns the units by which the cheapest call changed, None for a new instruction.

        The cheapest calls are compared, because the dearest ones also count how long the search for
        a canonical bump took, which only the address decides.
        """
        before = self.instructions.get(name)
        return None if before is None else now.least - before.least

    def excess(self, name: str, now: Span) -> int:
        """Returns the units beyond what may be added to an instruction."""
        change = self.change(name, now)
        if change is None or name not in MORE:
            return 0
        return max(0, change - MORE[name])


@cache
def baseline() -> Baseline:
    """Returns the committed figures."""
    document = json.loads(files("keeper.lab.bench").joinpath("baseline.json").read_text("utf-8"))
    return Baseline(
        instructions=MappingProxyType(
            {name: Span(**span) for name, span in document["instructions"].items()}
        ),
        lifecycle=document["lifecycle"],
        ballot=document["ballot"],
    )
