"""Bad input: exit status 2, one clear message, nothing on standard output."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.configuration import create_keypair
from kernels.graph.file import write
from neurolov_client import staking, verdict
from tests.keeper.cli.cluster import Cluster
from tests.keeper.exact.verification.graphs import every_operator

NOWHERE = "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as running:
        yield running


@pytest.fixture
def key(tmp_path: Path) -> Path:
    create_keypair(tmp_path / "id.json")
    return tmp_path / "id.json"


@pytest.fixture
def chain(cluster: Cluster, tmp_path: Path, key: Path) -> list[str]:
    reached = ["--url", cluster.net.url, "--allow-private"]
    return [*reached, "--folder", str(tmp_path / "node"), "--keypair", str(key)]


@pytest.fixture
def order(tmp_path: Path) -> list[str]:
    graph, inputs = every_operator(24)
    write(graph, tmp_path / "graph")
    np.save(tmp_path / "x.npy", inputs[0])
    return ["--graph", str(tmp_path / "graph"), "--input", str(tmp_path / "x.npy"), "--price", "5"]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_no_such_adapter(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["provider", "run", "--adapter", "no card has this name", "--keypair", str(key)]
    assert refused(arguments, capsys).startswith("error: no ")


def test_the_wrong_cluster(chain: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["stake", "show", "--genesis-hash", NOWHERE, *chain], capsys)
    assert f"configured is {NOWHERE}" in message


@pytest.mark.parametrize("command", ["status", "cancel"])
def test_an_unknown_job(chain: list[str], command: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["job", command, NOWHERE, *chain], capsys)
    assert message.startswith(f"error: unknown job {NOWHERE}")


def test_the_result_of_an_unknown_job(
    chain: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "y.npy"
    message = refused(["job", "result", NOWHERE, "--output", str(output), *chain], capsys)
    assert message.startswith(f"error: unknown job {NOWHERE}")
    assert not output.exists()


def test_a_challenge_of_an_unknown_job(
    chain: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(["challenge", NOWHERE, *chain], capsys)
    assert message.startswith(f"error: there is no job {NOWHERE}")


@pytest.mark.parametrize("command", [("add",), ("unstake",), ("seat", "add")])
def test_nothing_is_no_amount_to_stake(
    command: tuple[str, ...], chain: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(["stake", *command, "0", *chain], capsys)
    assert told.splitlines()[-1] == "Error: Invalid value for 'AMOUNT': give an amount above 0"


def test_half_a_place_is_none(chain: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["challenge", NOWHERE, "--operator", "1", *chain]
    assert "--operator and --element belong together" in refused(arguments, capsys)


def test_an_audit_of_an_unknown_job(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["audit", NOWHERE, "--url", cluster.net.url], capsys)
    assert message.startswith(f"error: unknown job {NOWHERE}")


def test_a_replay_of_what_is_no_receipt(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = ["--url", cluster.net.url, "--folder", str(tmp_path)]
    nobody = str(verdict.receipt_address(Pubkey.default()))
    message = refused(["replay", nobody, *reading], capsys)
    assert message.startswith(f"error: there is no receipt at {nobody}")
    pool = str(staking.pool_address())
    message = refused(["replay", pool, *reading], capsys)
    assert message.startswith(f"error: not a receipt: {pool}")


def test_not_enough_tokens_for_a_job(
    cluster: Cluster,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = Pubkey.from_string(_address(key, capsys))
    cluster.fund(owner, 5 * NLOV)
    slots = len(cluster.net.bank.history(owner))
    message = refused(["job", "submit", *order, "--port", "0", *chain], capsys)
    assert "the job locks 6.89 NLOV" in message
    assert "has 5;" in message
    assert len(cluster.net.bank.history(owner)) == slots


@pytest.mark.parametrize("announced", ["", "http://10.0.0.7:7000", "http://[fe80::1]:7000"])
def test_a_job_whose_data_nobody_could_fetch_is_not_posted(  # noqa: PLR0917
    cluster: Cluster,
    chain: list[str],
    key: Path,
    order: list[str],
    announced: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    owner = Pubkey.from_string(_address(key, capsys))
    cluster.fund(owner, 50 * NLOV)
    slots = len(cluster.net.bank.history(owner))
    public = ["--public-url", announced] if announced else []
    guarded = [option for option in chain if option != "--allow-private"]
    message = refused(["job", "submit", *order, "--port", "0", *public, *guarded], capsys)
    assert message.startswith("error: nobody could fetch this node's data: ")
    assert "is not a public address" in message
    assert "--public-url" in message
    assert len(cluster.net.bank.history(owner)) == slots


def test_not_enough_tokens_to_stake(
    cluster: Cluster, chain: list[str], key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.fund(Pubkey.from_string(_address(key, capsys)), NLOV)
    assert "fund the account" in refused(["stake", "add", "2", *chain], capsys)


def test_no_lamports(chain: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["stake", "open", *chain], capsys)
    assert "has 0 SOL" in message
    assert "SOL or more" in message


def test_a_provider_without_stake(
    cluster: Cluster, chain: list[str], key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.fund(Pubkey.from_string(_address(key, capsys)), NLOV)
    message = refused(["stake", "seat", "take", *chain], capsys)
    assert "has no stake; run: neurolov stake add" in message


def test_a_malformed_graph(
    tmp_path: Path, chain: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "graph"
    path.write_bytes(b"no graph")
    for arguments in (["show", str(path)], ["register", str(path), *chain]):
        assert f"{path} is not a valid graph" in refused(["graph", *arguments], capsys)


def test_an_input_whose_hash_differs(
    tmp_path: Path, order: list[str], chain: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    announced = sha256(b"something else").hexdigest()
    arguments = ["job", "submit", *order, "--input-sha256", announced, *chain]
    assert f"not to the announced {announced}" in refused(arguments, capsys)
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize(
    "array", [np.zeros((24, 8, 8, 3), np.int16), np.zeros((23, 8, 8, 3), np.int8)]
)
def test_an_input_of_another_form(
    tmp_path: Path,
    order: list[str],
    chain: list[str],
    array: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save(tmp_path / "x.npy", array)
    assert "is not input 0" in refused(["job", "submit", *order, *chain], capsys)


def test_a_pickle_is_not_loaded(
    tmp_path: Path, order: list[str], chain: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", np.array([object()]), allow_pickle=True)
    assert "is not input 0" in refused(["job", "submit", *order, *chain], capsys)


def test_a_port_in_use(
    cluster: Cluster,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken = str(cluster.net.port)
    assert f"port {taken}" in refused(["localnet", "--port", taken], capsys)
    assert f":{taken} is in use" in refused(
        ["job", "submit", *order, "--port", taken, *chain], capsys
    )


@pytest.mark.parametrize("port", ["-1", "65535"])
def test_an_impossible_port(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "port" in refused(["localnet", "--port", port], capsys)


def test_a_key_file_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "id.json"
    assert "neurolov key new" in refused(["key", "show", str(path)], capsys)
    path.write_text("[]")
    path.chmod(0o644)
    assert "chmod 600" in refused(["key", "show", str(path)], capsys)


@pytest.mark.parametrize("amount", ["x", "-1", "1.0000000001", "nan", "1e30"])
def test_an_amount_that_is_none(amount: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not an amount" in refused(["stake", "add", "--", amount], capsys)


def test_an_address_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'abc' is not an address" in refused(["job", "status", "abc"], capsys)


def test_two_stories_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert "choose one" in refused(["demo", "--cheat", "flip", "--silent"], capsys)


def test_the_cluster_cannot_be_reached(
    key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "stake",
        "show",
        "--url",
        "no url",
        "--keypair",
        str(key),
        "--folder",
        str(tmp_path),
    ]
    assert "no url" in refused(arguments, capsys)


def test_json_of_a_stake_and_a_graph(
    cluster: Cluster,
    chain: list[str],
    key: Path,
    order: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster.fund(Pubkey.from_string(_address(key, capsys)), 3 * NLOV)
    assert run(["stake", "add", "2.5", "--json", *chain]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["staked"], document["exposed"], document["seat"]) == (2_500_000_000, 0, None)
    assert run(["stake", "unstake", "1", "--json", *chain]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["staked"], document["unbonding"], document["ticket"]) == (
        1_500_000_000,
        NLOV,
        0,
    )
    assert run(["graph", "register", order[1], "--json", *chain]) == 0
    registered = json.loads(capsys.readouterr().out)
    assert run(["graph", "register", order[1], "--json", *chain]) == 0
    assert json.loads(capsys.readouterr().out) == registered


def _address(key: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["key", "show", str(key)]) == 0
    return capsys.readouterr().out.strip()
