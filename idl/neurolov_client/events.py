"""Extracts typed events from transaction logs."""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from neurolov_client.addresses import PROGRAM_IDS
from neurolov_client.coder import DISCRIMINATOR_BYTES, Event
from neurolov_client.programs import PROGRAMS

_DATA: Final = "Program data: "
_NAMES: Final = {str(address): name for name, address in PROGRAM_IDS.items()}


@cache
def _types(program: str) -> Mapping[bytes, type[Event]]:
    """Returns the event types of the program at an address, by discriminator."""
    if program not in _NAMES:
        return {}
    return {kind.DISCRIMINATOR: kind for kind in PROGRAMS[_NAMES[program]].EVENTS}


def events_from_logs(logs: Iterable[str]) -> tuple[Event, ...]:
    """Returns the events of this project's programs in one transaction's logs, in order.

    A line counts only while its program is executing, so that no other program can forge an event.
    Lines that a node cut off ("Log truncated") give no events; the accounts' sequence numbers show
    the gap. Raises ShortDataError where a known event's bytes end early.
    """
    stack: list[str] = []
    events = []
    for line in logs:
        if line.startswith(_DATA):
            event = _event(stack[-1] if stack else "", line.removeprefix(_DATA))
            if event is not None:
                events.append(event)
            continue
        match line.split():
            case ["Program", program, "invoke", _]:
                stack.append(program)
            case ["Program", program, "success" | "failed:", *_] if stack and stack[-1] == program:
                stack.pop()
    return tuple(events)


def _event(program: str, encoded: str) -> Event | None:
    try:
        data = b64decode(encoded, validate=True)
    except binascii.Error:
        return None
    kind = _types(program).get(data[:DISCRIMINATOR_BYTES])
    return None if kind is None else kind.decode(data)
