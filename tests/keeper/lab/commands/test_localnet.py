"""The process of `neurolov localnet`, asked over its RPC."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from solders.keypair import Keypair

from keeper.cli.app import run

SOL = 10**9
OWNER, FUNDED = (str(Keypair.from_seed(bytes([number]) * 32).pubkey()) for number in (9, 10))
LEVELS = ("processed", "confirmed", "finalized")


class Process:
    """A running localnet."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        self.document: dict[str, Any] = json.loads(text)

    def ask(self, method: str, *params: object) -> Any:
        answer = httpx.post(self.document["url"], json=_request(method, *params))
        return answer.json()["result"]

    def by_level(self, method: str, *params: object) -> list[Any]:
        """The answers at each commitment, in one batch and so in one slot."""
        batch = [_request(method, *params, {"commitment": level}) for level in LEVELS]
        found = httpx.post(self.document["url"], json=batch).json()
        answers = [one["result"] for one in found]
        return [one["value"] if isinstance(one, dict) else one for one in answers]


def _request(method: str, *params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


@contextmanager
def running(*options: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "keeper", "localnet", "--no-deploy", "--json", "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Process(process)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait() == 0


def test_commitments_come_one_after_the_other() -> None:
    with running("--slot-ms", "25", "--fund", FUNDED) as localnet:
        assert localnet.by_level("getBalance", FUNDED) == [100 * SOL] * 3
        processed, confirmed, finalized = localnet.by_level("getSlot")
        assert (processed - confirmed, processed - finalized) == (1, 32)
        signature = localnet.ask("requestAirdrop", OWNER, SOL)
        seen: list[str] = []
        while "finalized" not in seen:
            status = localnet.ask("getSignatureStatuses", [signature])["value"][0]
            if status["confirmationStatus"] not in seen:
                seen.append(status["confirmationStatus"])
                slot = localnet.ask("getSlot", {"commitment": "processed"})
        assert seen == [level for level in LEVELS if level in seen]
        assert slot >= status["slot"] + 32
        assert localnet.ask("getBalance", OWNER)["value"] == SOL


def test_commitments_may_come_at_once() -> None:
    at_once = ("--confirmation-slots", "0", "--finality-slots", "0", "--slot-ms", "60000")
    with running(*at_once) as localnet:
        localnet.ask("requestAirdrop", OWNER, SOL)
        assert localnet.by_level("getBalance", OWNER) == [SOL] * 3


def test_chains_of_two_processes_differ() -> None:
    with running() as one, running() as other:
        first = one.ask("getGenesisHash")
        assert first == one.ask("getGenesisHash") == one.document["genesis_hash"]
        assert other.ask("getGenesisHash") != first


def test_finality_before_confirmation_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["localnet", "--confirmation-slots", "2", "--finality-slots", "1"]) == 2
    assert capsys.readouterr().err == (
        "error: confirmation_lag is 2 and finality_lag 1 blocks; give 0 or more, and finality no"
        " less than confirmation\n"
    )
