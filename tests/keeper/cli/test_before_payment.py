"""What can be found out before money moves is found out: each refusal leaves no transaction."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.configuration import create_keypair, load_keypair
from keeper.lab.localnet.deployment import localnet_mint
from kernels.graph.file import write
from tests.keeper.cli.cluster import Cluster
from tests.keeper.exact.verification.graphs import every_operator
from tests.kernels.custom.examples import triple

LAMPORTS = 10**10


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


@dataclass(frozen=True, slots=True)
class Buyer:
    """A funded key, its folder, and an order of each class."""

    cluster: Cluster
    root: Path
    owner: Pubkey

    @property
    def orders(self) -> dict[str, list[str]]:
        """`submit` of each class, with everything that it needs but a result file."""
        root, chain = self.root, ["--url", self.cluster.net.url, "--allow-private"]
        chain += ["--folder", str(root / "node"), "--keypair", str(root / "id.json")]
        job = ["--graph", str(root / "graph"), "--input", str(root / "x.npy")]
        task = ["--package", str(root / "triple.json"), "--input", str(root / "y.npy")]
        offer = ["--price", "5", "--port", "0"]
        return {
            "job": ["job", "submit", *job, *offer, *chain],
            "task": ["task", "submit", *task, *offer, *chain],
        }


def bought(cluster: Cluster, root: Path, lamports: int = LAMPORTS) -> Buyer:
    create_keypair(root / "id.json")
    owner = load_keypair(root / "id.json").pubkey()
    cluster.net.bank.airdrop(owner, lamports)
    localnet_mint().mint_to(cluster.net.bank, owner, 100 * NLOV)
    graph, inputs = every_operator(24)
    write(graph, root / "graph")
    np.save(root / "x.npy", inputs[0])
    (root / "triple.json").write_bytes(triple().canonical)
    np.save(root / "y.npy", np.zeros(16, "<f4"))
    return Buyer(cluster, root, owner)


@pytest.fixture
def buyer(cluster: Cluster, tmp_path: Path) -> Buyer:
    return bought(cluster, tmp_path)


def refused(
    buyer: Buyer, arguments: list[str], capsys: pytest.CaptureFixture[str], status: int = 2
) -> str:
    """Returns the message of a refusal, after which the chain is as it was."""
    bank = buyer.cluster.net.bank
    before = len(bank.history(buyer.owner)), bank.balance(buyer.owner)
    capsys.readouterr()
    assert run(arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert (len(bank.history(buyer.owner)), bank.balance(buyer.owner)) == before
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize("word", ["job", "task"])
def test_a_result_that_could_not_be_written(
    buyer: Buyer, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    order = buyer.orders[word]
    missing = buyer.root / "nowhere" / "y.npy"
    told = refused(buyer, [*order, "--output", str(missing)], capsys)
    assert told == (f"error: there is no folder {missing.parent}; run: mkdir -p {missing.parent}\n")
    kept = buyer.root / "kept.npy"
    kept.write_bytes(b"another result")
    told = refused(buyer, [*order, "--output", str(kept)], capsys)
    assert told == f"error: {kept} exists; name another --output, or pass --overwrite\n"
    assert kept.read_bytes() == b"another result"
    told = refused(buyer, [*order, "--output", str(buyer.root)], capsys)
    assert "is a directory" in told


@pytest.mark.parametrize("word", ["job", "task"])
@pytest.mark.parametrize(
    ("offer", "least"),
    [(["--price", "0"], "--price 0.01"), (["--tip", "0"], "--tip 0.001")],
)
def test_an_offer_below_the_terms(
    buyer: Buyer, word: str, offer: list[str], least: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(buyer, [*buyer.orders[word], *offer], capsys)
    assert f"{offer[0]} 0" in told
    assert f"offer at least {least}" in told


def test_a_fee_for_which_no_verifier_works(
    buyer: Buyer, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(buyer, [*buyer.orders["job"], "--fee", "0"], capsys)
    assert "offer at least --fee 0.2" in told


def test_a_job_that_nobody_could_verify(buyer: Buyer, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(buyer, buyer.orders["job"], capsys)
    assert "nobody holds a verifier's seat" in told
    assert "--unverified" in told


@pytest.mark.parametrize("word", ["job", "task"])
def test_too_little_sol(
    cluster: Cluster, tmp_path: Path, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer = bought(cluster, tmp_path, lamports=2_000_000)
    told = refused(buyer, buyer.orders[word], capsys)
    assert f"posting the {word} takes 0.0" in told
    assert f"{buyer.owner} has 0.002; send it 0.0" in told


@pytest.mark.parametrize("word", ["job", "task"])
def test_data_that_nobody_could_fetch(
    buyer: Buyer, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        order = [*buyer.orders[word], "--public-url", url]
        if word == "job":
            order.append("--unverified")
        told = refused(buyer, order, capsys)
    assert f"this node's data cannot be fetched from {url}" in told


@pytest.mark.parametrize("word", ["job", "task"])
def test_a_store_without_room(buyer: Buyer, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    order = [*buyer.orders[word], "--quota", "10"]
    if word == "job":
        order.append("--unverified")
    assert "raise its quota" in refused(buyer, order, capsys, status=1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"no array", "no .npy file of numbers"),
        (np.array([object()]), "no .npy file of numbers"),
        (np.zeros((2, 3), np.int8), "its shape is 2x3, the graph takes "),
    ],
)
def test_an_input_that_is_none(
    buyer: Buyer,
    content: bytes | np.ndarray | None,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = buyer.root / "x.npy"
    path.unlink()
    match content:
        case bytes():
            path.write_bytes(content)
        case np.ndarray():
            np.save(path, content, allow_pickle=True)
    told = refused(buyer, buyer.orders["job"], capsys)
    assert told.startswith(f"error: {path} is not input 0: {reason}")
    assert "pickle" not in told


def test_a_graph_is_not_registered_without_sol(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer = bought(cluster, tmp_path, lamports=2_000_000)
    chain = buyer.orders["job"][buyer.orders["job"].index("--url") :]
    told = refused(buyer, ["graph", "register", str(tmp_path / "graph"), *chain], capsys)
    assert f"{buyer.owner} has 0.002; send it 0.0" in told


def test_a_position_is_not_opened_for_more_stake_than_there_is(
    buyer: Buyer, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = buyer.orders["job"][buyer.orders["job"].index("--url") :]
    told = refused(buyer, ["stake", "add", "101", *chain], capsys)
    assert f"the stake locks 101 NLOV, {buyer.owner} has 100" in told
    assert "fund the account with 1 NLOV more" in told


@pytest.mark.parametrize("command", ["quantise", "import"])
def test_a_model_that_could_not_be_written_is_not_worked_on(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    output = tmp_path / "file" / "model.graph"
    assert run(["model", command, str(tmp_path / "no model"), "-o", str(output)]) == 2
    told = capsys.readouterr().err
    assert told == f"error: nothing can be written in {tmp_path / 'file'}; name another --output\n"
