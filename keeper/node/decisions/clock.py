"""The time of a decision."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The slot in which the decided transaction is expected to land."""

    slot: int
