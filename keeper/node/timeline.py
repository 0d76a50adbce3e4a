"""Slots as clock time: what a person needs to know about a point in time on the chain."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from keeper.chain.gateway import Gateway
from keeper.node.connection import slot_seconds

RECENT_SLOTS = 150
"""The blocks whose times give the length of a slot."""

MIN_SPAN_SECONDS = 5
"""Block times are whole seconds; a shorter span says too little about the length of a slot."""

_UNITS = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Timeline:
    """The present slot and time, from which other slots are told by the recent length of a slot.

    A time is therefore an estimate, the better the closer it is. `told` and `document` take the
    Unix seconds of a slot where the chain has recorded them.
    """

    slot: int
    now: datetime
    slot_seconds: float

    @classmethod
    async def of(cls, gateway: Gateway) -> Self:
        """Returns the cluster's timeline; raises ChainError.

        A cluster whose recent blocks say too little about the length of a slot is watched for a
        second.
        """
        slot = await gateway.slot()
        length = await _recent_length(gateway, slot)
        if length is None:
            length = await slot_seconds(gateway)
        return cls(slot, datetime.now(UTC), length)

    def time(self, slot: int, seconds: int | None = None) -> datetime:
        """Returns the time of a slot in UTC: the recorded Unix seconds, or the estimate."""
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        try:
            return self.now + timedelta(seconds=(slot - self.slot) * self.slot_seconds)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def told(self, slot: int, seconds: int | None = None) -> str:
        """Returns a slot with its time: `slot 1,234 (15:41:03 UTC, in 2 min)`."""
        time = self.time(slot, seconds)
        day = "" if time.date() == self.now.date() else f"{time:%Y-%m-%d} "
        return f"slot {slot:,} ({day}{time:%H:%M:%S} UTC, {self._distance(time)})"

    def document(self, slot: int, seconds: int | None = None) -> dict[str, int | str]:
        """Returns a slot with its time for JSON: `{"slot": ..., "time": "...Z"}`."""
        time = self.time(slot, seconds)
        return {"slot": slot, "time": f"{time:%Y-%m-%dT%H:%M:%S}Z"}

    def lasting(self, slots: int) -> str:
        """Returns a number of slots with its length: `300 slots (2 min)`."""
        return f"{slots:,} slots ({duration(slots * self.slot_seconds)})"

    def _distance(self, time: datetime) -> str:
        seconds = (time - self.now).total_seconds()
        if abs(seconds) < 1:
            return "now"
        return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"


def duration(seconds: float) -> str:
    """Returns a length of time in its two largest units: `2 min`, `1 h 30 min`, `3 days 2 h`."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, length in _UNITS:
        count, rest = divmod(left, length)
        if count and len(parts) < 2:
            plural = "s" if unit == "day" and count > 1 else ""
            parts.append(f"{count} {unit}{plural}")
            left = rest
        elif parts:
            break
    return " ".join(parts) or "0 s"


async def chain_seconds(gateway: Gateway) -> int | None:
    """Returns the Unix seconds of the latest block that the node has; raises ChainError.

    Not every slot has a block. Returns None where the node reports no time.
    """
    slot = await gateway.slot()
    blocks = await gateway.blocks(max(0, slot - RECENT_SLOTS), slot)
    return await gateway.block_time(blocks[-1]) if blocks else None


async def _recent_length(gateway: Gateway, slot: int) -> float | None:
    blocks = await gateway.blocks(max(0, slot - RECENT_SLOTS), slot)
    if len(blocks) < 2:
        return None
    first, last = blocks[0], blocks[-1]
    began, ended = await gateway.block_time(first), await gateway.block_time(last)
    if began is None or ended is None or ended - began < MIN_SPAN_SECONDS:
        return None
    return (ended - began) / (last - first)
