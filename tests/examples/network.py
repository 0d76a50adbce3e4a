"""A localnet and its roles, each a process of its own as the README starts them."""

import json
import subprocess
import sys
from base64 import b64decode
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

import httpx
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.lab.market.venue import standing_slot

ROOT = Path(__file__).resolve().parents[2]
FUNDED = ("buyer", "crank", "provider", "verifier")
SLOT_MS = 200
"""Slow enough for a busy machine: a lease lasts 150 slots."""
NEUROLOV = (sys.executable, "-m", "keeper")


def finished(*command: object) -> subprocess.CompletedProcess[str]:
    """The ended process; its status is the caller's to judge."""
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def example(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return finished(sys.executable, "-m", f"examples.{name}", *arguments)


def succeeded(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


class Network:
    """Processes that end with the block. Keys and nodes lie in `folder`."""

    def __init__(self, folder: Path, slot_ms: int = SLOT_MS) -> None:
        self._folder = folder
        self._slot_ms = slot_ms
        self._running = ExitStack()
        self.url = ""

    def __enter__(self) -> Self:
        funds: list[str] = []
        for name in FUNDED:
            funds += ["--fund", str(self.new_key(name))]
        out = self._start(
            "localnet", "--json", "--port", "0", "--slot-ms", self._slot_ms, *funds
        ).stdout
        self.url = _document(out)["url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def keypair(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def new_key(self, name: str) -> Pubkey:
        """Address of a key that is written to `keypair(name)`, readable by its owner alone."""
        key, path = Keypair(), self.keypair(name)
        path.touch(0o600)
        path.write_text(key.to_json())
        return key.pubkey()

    def rpc(self, method: str, *params: object) -> Any:
        """What JSON-RPC answers; an error is the caller's failure."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.url, json=request).json()["result"]

    def account(self, address: Pubkey) -> bytes | None:
        """The bytes of an account."""
        config = {"encoding": "base64", "commitment": "processed"}
        found = self.rpc("getAccountInfo", str(address), config)["value"]
        return None if found is None else b64decode(found["data"][0])

    def open_market(self) -> None:
        """A crank, a verifier and a provider, registered and running, whose stake counts."""
        self.open_crank()
        for name, stake in (("verifier", 1_000), ("provider", 50_000)):
            succeeded(finished(*NEUROLOV, "stake", "add", stake, *self._node(name)))
            self._role(name, name, "--executor", "numpy", "--port", "0")
        slot = self.rpc("getSlot", {"commitment": "processed"})
        self.rpc("neurolov_skipTo", standing_slot(slot))

    def open_crank(self) -> None:
        self._role("crank", "crank")

    def _role(self, name: str, command: str, *options: object) -> None:
        """Started, and ready once it says who it is."""
        process = self._start(command, "run", *options, *self._node(name))
        told = process.stderr
        assert told is not None
        for line in told:
            if line.startswith(f"{name} "):
                return
        raise AssertionError(f"{name} ended with status {process.wait()}")

    def _node(self, name: str) -> list[object]:
        folder = self._folder / name
        reached = ["--url", self.url, "--allow-private"]
        return [*reached, "--keypair", self.keypair(name), "--folder", folder]

    def _start(self, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*NEUROLOV, *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._running.enter_context(process)
        self._running.callback(process.terminate)
        return process


def _document(out: IO[str] | None) -> dict[str, Any]:
    """The JSON document that a process prints before it goes on."""
    assert out is not None
    text = ""
    for line in out:
        text += line
        if line.rstrip() == "}":
            document: dict[str, Any] = json.loads(text)
            return document
    raise AssertionError(f"no document: {text}")
