"""Attribution of log lines; the events are those of the sample IDL under staking's address."""

import struct
from base64 import b64encode
from types import ModuleType

import pytest
from solders.pubkey import Pubkey

from neurolov_client import events
from neurolov_client.addresses import PROGRAM_IDS, SYSTEM_PROGRAM
from neurolov_client.coder import Event, ShortDataError

STAKING = str(PROGRAM_IDS["staking"])
VERDICT = str(PROGRAM_IDS["verdict"])
OWNER = Pubkey(bytes([4] * 32))


@pytest.fixture(autouse=True)
def _sample_events(sample: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {STAKING: {sample.Staked.DISCRIMINATOR: sample.Staked}}
    monkeypatch.setattr(events, "_types", lambda program: known.get(program, {}))


def data(sample: ModuleType, amount: int) -> bytes:
    packed = struct.pack("<QqQ32sQ", 1, 2, 3, bytes(OWNER), amount)
    return bytes(sample.Staked.DISCRIMINATOR) + packed


def line(raw: bytes) -> str:
    return "Program data: " + b64encode(raw).decode()


def staked(sample: ModuleType, amount: int) -> Event:
    envelope = sample.Envelope(slot=1, time=2, sequence=3)
    event: Event = sample.Staked(envelope=envelope, owner=OWNER, amount=amount)
    return event


def test_events_come_in_order_through_calls_and_failures(sample: ModuleType) -> None:
    logs = [
        f"Program {VERDICT} invoke [1]",
        f"Program {STAKING} invoke [2]",
        "Program log: Instruction: Stake",
        line(data(sample, 5)),
        f"Program {STAKING} consumed 100 of 200 compute units",
        f"Program {STAKING} success",
        f"Program {SYSTEM_PROGRAM} invoke [2]",
        f"Program {SYSTEM_PROGRAM} success",
        f"Program {STAKING} invoke [2]",
        line(data(sample, 6)),
        f"Program {STAKING} failed: custom program error: 0x1770",
        line(data(sample, 7)),
        f"Program {VERDICT} success",
    ]
    assert events.events_from_logs(logs) == (staked(sample, 5), staked(sample, 6))


@pytest.mark.parametrize("program", [str(SYSTEM_PROGRAM), VERDICT])
def test_another_program_cannot_forge_an_event(sample: ModuleType, program: str) -> None:
    logs = [f"Program {program} invoke [1]", line(data(sample, 5)), f"Program {program} success"]
    assert events.events_from_logs(logs) == ()


def test_a_program_log_cannot_pose_as_an_invocation(sample: ModuleType) -> None:
    logs = [
        f"Program {VERDICT} invoke [1]",
        f"Program log: Program {STAKING} invoke [2]",
        line(data(sample, 5)),
        f"Program {VERDICT} success",
    ]
    assert events.events_from_logs(logs) == ()


@pytest.mark.parametrize("raw", ["Program data: ???", "Program data: ", "Log truncated", ""])
def test_lines_that_are_no_events_are_passed_over(raw: str) -> None:
    assert events.events_from_logs([f"Program {STAKING} invoke [1]", raw]) == ()


def test_an_event_cut_short_is_an_error(sample: ModuleType) -> None:
    logs = [f"Program {STAKING} invoke [1]", line(data(sample, 5)[:-1])]
    with pytest.raises(ShortDataError, match="Staked"):
        events.events_from_logs(logs)
