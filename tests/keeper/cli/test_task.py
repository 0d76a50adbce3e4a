"""`neurolov task` against providers that run in a thread of their own, and its bad input."""

import json
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Event, Semaphore

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.configuration import create_keypair
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.node.supervision import background
from keeper.tolerant.roles.provider import RunPackage
from keeper.tolerant.roles.runs import output_root
from kernels.custom import KernelPackage
from tests.keeper.cli.cluster import Served
from tests.keeper.cli.job_market import Process, unfolded
from tests.keeper.tolerant.roles.rig import (
    INPUTS,
    PROVIDERS,
    TaskRig,
    drifting,
    lying,
    needs_adapter,
    opened,
)
from tests.kernels.custom.examples import triple

RUNS = (drifting(0), drifting(1), lying(3))
NOWHERE = "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne"


class Market(Served):
    """A ticking localnet with two honest providers, a liar and a crank."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._gate = Event()
        self._gate.set()
        self._waiting = Semaphore(0)
        self.rig: TaskRig

    @property
    def net(self) -> Localnet:
        return self.rig.net

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with opened(self._folder, ticking=True) as rig:
            self.rig = rig
            roles = [rig.provider(number, self._gated(run)) for number, run in enumerate(RUNS)]
            loops = [rig.mirror.run(), rig.crank().run(), *(role.run() for role in roles)]
            async with background(*loops):
                yield

    @contextmanager
    def running_later(self) -> Iterator[None]:
        """The providers fetch what they run during the block, and run it after the block."""
        self._waiting = Semaphore(0)
        self._gate.clear()
        try:
            yield
        finally:
            self._gate.set()

    def fetched(self) -> None:
        """Returns once a provider has what it runs; the others wait for the same device."""
        assert self._waiting.acquire(timeout=60)

    def _gated(self, run_package: RunPackage) -> RunPackage:
        def gated(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
            self._waiting.release()
            assert self._gate.wait(60)
            return run_package(package, inputs)

        return gated


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with Market(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture
def key(tmp_path: Path) -> Path:
    create_keypair(tmp_path / "id.json")
    return tmp_path / "id.json"


@pytest.fixture
def chain(market: Market, tmp_path: Path, key: Path) -> list[str]:
    url = market.rig.net.url
    reached = ["--url", url, "--allow-private"]
    return [*reached, "--folder", str(tmp_path / "node"), "--keypair", str(key)]


@pytest.fixture
def order(tmp_path: Path) -> list[str]:
    (tmp_path / "triple.json").write_bytes(triple().canonical)
    np.save(tmp_path / "x.npy", np.frombuffer(INPUTS[0], "<f4"))
    package, array = str(tmp_path / "triple.json"), str(tmp_path / "x.npy")
    return ["--package", package, "--input", array, "--price", "5", "--yes", "--port", "0"]


def owner_of(key: Path, capsys: pytest.CaptureFixture[str]) -> Pubkey:
    assert run(["key", "show", str(key)]) == 0
    return Pubkey.from_string(capsys.readouterr().out.strip())


def own_tasks(chain: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run(["task", "list", "--json", *chain]) == 0
    tasks: list[dict[str, object]] = json.loads(capsys.readouterr().out)["tasks"]
    return tasks


def heard(capsys: pytest.CaptureFixture[str]) -> str:
    """Returns what was told, in lines that are not folded to a terminal's width."""
    return unfolded(capsys.readouterr().err)


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


@needs_adapter
def test_a_task_is_submitted_decided_and_remembered(
    market: Market,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    market.fund(owner_of(key, capsys), 100 * NLOV)
    assert run(["task", "quote", "--price", "5", "--json", *chain]) == 0
    quoted = json.loads(capsys.readouterr().out)
    assert quoted["joinable"] is True
    output = key.parent / "y.npy"
    status = run(["task", "submit", *order, "--output", str(output), "--json", *chain])
    out, err = capsys.readouterr()
    assert status == 0, err
    assert "paid:     25.09 NLOV at most, whatever happens" in err
    record = json.loads(out)
    bill = record.pop("bill")
    assert record.pop("reason") is None
    assert bill["locked"] + bill["burned"] == quoted["payment"]["at_most"] == 25_090_000_000
    paid = {each["party"]: each["amount"] for each in bill["payments"]}
    fee = 5 * NLOV * LOCALNET_PARAMETERS.escrow.fee_bps // 10_000
    # A provider is called by the order of joining, so the liar may be any of the three.
    runs = [amount for party, amount in paid.items() if party.startswith("provider")]
    assert runs == [5 * NLOV - fee] * 2
    assert bill["market_fee"] == 2 * fee
    assert bill["cost"] == sum(paid.values()) + bill["market_fee"] + bill["burned"]
    assert (record["state"], record["quorum"]) == ("settled", "2 of 3")
    assert record["trust"] == "tolerant class, no fraud proof"
    providers = {str(market.rig.owner(name)): name for name in PROVIDERS}
    by_name = {providers[each["provider"]]: each for each in record["runs"]}
    assert [by_name[name]["paid"] for name in PROVIDERS[:3]] == [True, True, False]
    agrees = [len(by_name[name]["agrees"]) for name in PROVIDERS[:3]]
    assert agrees == [1, 1, 0]
    result = np.load(output)
    expected = 3 * np.frombuffer(INPUTS[0], "<f4")
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    roots = [by_name[name]["root"] for name in PROVIDERS[:2]]
    assert output_root(result.tobytes()).hex() in roots
    assert run(["task", "show", record["task"], "--json", *chain]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("posted")["slot"] == record["posted_slot"]
    assert shown == record
    assert run(["task", "show", record["task"], *chain]) == 0
    told = capsys.readouterr().out
    assert "(tolerant class, no fraud proof): settled, 2 of 3 have to agree" in told
    assert told.count(", paid") == 2
    assert f"posted at slot {record['posted_slot']:,} (" in told


@needs_adapter
def test_an_interrupted_task_is_followed_to_its_output(
    market: Market,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = owner_of(key, capsys)
    market.fund(owner, 100 * NLOV)
    with market.running_later():
        submit = Process("task", "submit", *order, *chain)
        submit.until("joining")
        market.fetched()
        submit.signal(signal.SIGINT)
        status, out, told = submit.ended()
    assert (status, out) == (130, "")
    (task,) = own_tasks(chain, capsys)
    address = str(task["task"])
    assert f"interrupted: task {address} goes on without this process" in told
    assert f"go on with: neurolov task follow {address} " in told
    output = key.parent / "y"
    assert run(["task", "follow", address, "--output", str(output), *chain]) == 0
    np.testing.assert_allclose(np.load(output), 3 * np.frombuffer(INPUTS[0], "<f4"), rtol=1e-6)
    (kept,) = own_tasks(chain, capsys)
    assert (kept["task"], kept["open"], kept["output_kept"]) == (address, False, True)
    before = market.there(lambda: len(market.rig.net.bank.history(owner)))
    assert run(["task", "submit", *order, "--output", str(output), *chain]) == 0
    assert " of this submission is settled already" in heard(capsys)
    assert market.there(lambda: len(market.rig.net.bank.history(owner))) == before
    copy = key.parent / "copy.npy"
    assert run(["task", "result", address, "--output", str(copy), *chain]) == 0
    assert copy.read_bytes() == output.read_bytes()


@needs_adapter
def test_a_killed_task_goes_on_when_it_is_submitted_again(
    market: Market,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    market.fund(owner_of(key, capsys), 100 * NLOV)
    killed = Process("task", "submit", *order, *chain)
    killed.until("posted")
    killed.signal(signal.SIGKILL)
    assert killed.ended()[0] == -signal.SIGKILL
    assert run(["task", "submit", *order, *chain]) == 0
    assert "was submitted before; going on with it" in heard(capsys)
    (task,) = own_tasks(chain, capsys)
    assert (task["open"], task["output_kept"]) == (False, True)


def test_an_unknown_task(chain: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["task", "show", NOWHERE, *chain], capsys)
    assert message.startswith(f"error: unknown task {NOWHERE}")


def test_not_enough_tokens(
    market: Market,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = owner_of(key, capsys)
    market.fund(owner, NLOV)
    before = market.there(lambda: len(market.rig.net.bank.history(owner)))
    message = refused(["task", "submit", *order, *chain], capsys)
    assert "the task locks 25.09 NLOV" in message
    assert market.there(lambda: len(market.rig.net.bank.history(owner))) == before


@pytest.mark.parametrize(
    "runs",
    [
        ["--n", "1"],
        ["--n", "2"],
        ["--n", "4"],
        ["--n", "5", "--max-runs", "3"],
        ["--max-runs", "6"],
        ["--max-runs", "9"],
    ],
)
def test_a_number_of_runs_that_no_task_has(
    order: list[str], runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(["task", "submit", *order, *runs], capsys)
    assert "choose odd numbers from 3 to 7" in message


def test_a_malformed_package(
    order: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "triple.json").write_bytes(b"{}")
    assert "is not a valid kernel package" in refused(["task", "submit", *order], capsys)


@pytest.mark.parametrize(
    "array", [np.zeros(15, "<f4"), np.zeros(16, "<i4"), np.array([object()], object)]
)
def test_an_input_of_another_form(
    order: list[str], tmp_path: Path, array: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    assert "is not input 0" in refused(["task", "submit", *order], capsys)


def test_raw_bytes_are_counted(
    order: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "x.bin"
    raw.write_bytes(bytes(63))
    order[order.index(str(tmp_path / "x.npy"))] = str(raw)
    assert "63 bytes, the kernel takes 64" in refused(["task", "submit", *order], capsys)
    missing = [*order, "--input", str(raw)]
    assert "1 inputs, 2 given" in refused(["task", "submit", *missing], capsys)


def test_custom_kernels_need_an_adapter(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["provider", "run", "--tasks", "--executor", "numpy", "--keypair", str(key)]
    assert "need a GPU adapter" in refused(arguments, capsys)
