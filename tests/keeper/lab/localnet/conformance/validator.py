"""The validator that localnet is compared with, and the record of what it answers."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xprocess import XProcess

from tests.validator import process

from .client import Client
from .scene import Scene

RECORD = Path(__file__).with_name("recorded.json")
POLL_SECONDS = 0.1


@contextmanager
def validator_scene(xprocess: XProcess, ledger: Path) -> Iterator[Scene]:
    """Yields the scene on a validator of its own."""
    with process.running(xprocess, ledger) as url:
        host, _, port = url.rpartition(":")
        ws_url = f"{host.replace('http', 'ws')}:{int(port) + 1}"
        with Client(url, ws_url) as client:
            yield Scene(client, lambda: time.sleep(POLL_SECONDS)).set()


def recorded() -> dict[str, Any]:
    """Returns the shapes that a validator answered, by the label of the call."""
    found: dict[str, Any] = json.loads(RECORD.read_text())
    return found


def record(shapes: dict[str, Any]) -> None:
    """Write the shapes down."""
    RECORD.write_text(json.dumps(shapes, indent=1, sort_keys=True) + "\n")
