"""Slots are told as clock time, by the recent length of a slot."""

import asyncio
from datetime import UTC, datetime

import pytest

from keeper.chain.gateway import Gateway
from keeper.lab.localnet import Localnet
from keeper.node.timeline import Timeline, duration

NOW = datetime(2026, 11, 30, 15, 0, 0, tzinfo=UTC)
TIMELINE = Timeline(slot=1_000, now=NOW, slot_seconds=0.4)


@pytest.mark.parametrize(
    ("slot", "told"),
    [
        (1_000, "slot 1,000 (15:00:00 UTC, now)"),
        (1_300, "slot 1,300 (15:02:00 UTC, in 2 min)"),
        (850, "slot 850 (14:59:00 UTC, 1 min ago)"),
        (217_000, "slot 217,000 (2026-12-01 15:00:00 UTC, in 1 day)"),
    ],
)
def test_a_slot_is_told_with_its_time_and_distance(slot: int, told: str) -> None:
    assert TIMELINE.told(slot) == told


def test_a_recorded_time_goes_before_the_estimate() -> None:
    recorded = int(NOW.timestamp()) - 30
    assert TIMELINE.told(10, recorded) == "slot 10 (14:59:30 UTC, 30 s ago)"
    assert TIMELINE.document(10, recorded) == {"slot": 10, "time": "2026-11-30T14:59:30Z"}


def test_json_has_the_slot_and_the_time() -> None:
    assert TIMELINE.document(1_300) == {"slot": 1_300, "time": "2026-11-30T15:02:00Z"}


def test_a_slot_beyond_the_calendar_is_still_told() -> None:
    assert TIMELINE.document((1 << 64) - 1)["time"] == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (5_400, "1 h 30 min"),
        (3_601, "1 h"),
        (2 * 86_400 + 7_300, "2 days 2 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_slots_last_as_told() -> None:
    assert TIMELINE.lasting(300) == "300 slots (2 min)"


def test_the_length_of_a_slot_is_read_from_recent_blocks() -> None:
    async def run() -> Timeline:
        async with Localnet(port=0, ticking=False) as net:
            net.bank.advance(200)
            async with Gateway(net.url) as gateway:
                return await Timeline.of(gateway)

    found = asyncio.run(run())
    assert found.slot == 201
    assert found.slot_seconds == pytest.approx(0.4, rel=0.05)
