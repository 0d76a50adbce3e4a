"""solana-test-validator with the built programs, started and stopped by pytest-xprocess."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xprocess import ProcessStarter, XProcess

from keeper.lab.localnet.deployment import built_programs
from neurolov_client import DEPLOYER

BINARY = "solana-test-validator"
NAME = "validator"
START_SECONDS = 120
TICKS_A_SLOT = 8
"""Ticks per slot: 8 make a slot of about 80 ms; clusters have 64."""


def installed() -> bool:
    """Returns whether the binary is on PATH."""
    return shutil.which(BINARY) is not None


@contextmanager
def running(xprocess: XProcess, ledger: Path) -> Iterator[str]:
    """Yields the URL of a fresh chain whose genesis lamports belong to the deployer."""
    ports = _free_ports(3)
    programs = [
        argument
        for address, path in built_programs().items()
        for argument in ("--bpf-program", str(address), str(path))
    ]

    class Starter(ProcessStarter):  # type: ignore[misc]
        pattern = "JSON RPC URL"
        timeout = START_SECONDS
        terminate_on_interrupt = True
        args = (
            BINARY,
            "--reset",
            *("--ledger", str(ledger)),
            *("--bind-address", "127.0.0.1"),
            *("--mint", str(DEPLOYER)),
            *("--ticks-per-slot", str(TICKS_A_SLOT)),
            *("--rpc-port", str(ports[0])),
            *("--faucet-port", str(ports[1])),
            *("--gossip-port", str(ports[2])),
            *programs,
        )

    try:
        xprocess.ensure(NAME, Starter, restart=True)
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        xprocess.getinfo(NAME).terminate()


def _free_ports(count: int) -> list[int]:
    """Returns ports that are free, each with a free port above it for the node's PubSub service."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1]
            try:
                high.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            found.append(port)
    return found
