"""A node's folder belongs to one chain, and several processes work on it at once."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.configuration import create_keypair
from kernels.graph.file import write
from neurolov_client import job_registry, staking
from tests.end_to_end.role_process import RoleProcess
from tests.keeper.cli.cluster import Cluster
from tests.keeper.exact.roles.rig import small_graph

OTHER_SEED = bytes([1] * 32)


class Node:
    """A key and a folder, and the commands that are run with them."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = root / "node"
        self._capsys = capsys
        self.key = create_keypair(self.folder / "id.json").pubkey()
        self.graph = root / "graph"
        graph, _ = small_graph()
        write(graph, self.graph)

    def options(self, cluster: Cluster) -> list[str]:
        return [
            *("--url", cluster.net.url, "--allow-private"),
            *("--folder", str(self.folder), "--keypair", str(self.folder / "id.json")),
            *("--poll", "0.1"),
        ]

    def does(self, cluster: Cluster, *arguments: object) -> dict[str, Any]:
        assert run([*map(str, arguments), "--json", *self.options(cluster)]) == 0
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return document

    def is_refused(self, cluster: Cluster, *arguments: object, status: int = 2) -> str:
        assert run([*map(str, arguments), *self.options(cluster)]) == status
        printed = self._capsys.readouterr()
        assert printed.out == ""
        return printed.err

    def files(self) -> dict[Path, bytes]:
        return {
            path: path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.endswith("-shm")
        }


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Node:
    return Node(tmp_path, capsys)


@contextmanager
def cluster_for(node: Node, **options: Any) -> Iterator[Cluster]:
    with Cluster(**options) as cluster:
        cluster.fund(node.key, 1_000 * NLOV)
        yield cluster


def staked(cluster: Cluster, owner: Pubkey) -> int:
    raw = cluster.net.bank.account(staking.position_address(owner))
    return 0 if raw is None else staking.Position.decode(bytes(raw.data)).amount // NLOV


def test_a_folder_belongs_to_the_chain_that_it_was_first_used_with(node: Node) -> None:
    with cluster_for(node) as first, cluster_for(node, seed=OTHER_SEED) as second:
        known, other = first.net.bank.genesis_hash, second.net.bank.genesis_hash
        node.does(first, "stake", "add", 10)
        node.does(first, "graph", "register", node.graph)
        kept = node.files()
        refusals = [
            ("stake", "open"),
            ("stake", "add", 10),
            ("graph", "register", node.graph),
            ("job", "status", Pubkey.default()),
        ]
        for refused in refusals:
            message = node.is_refused(second, *refused)
            assert message == (
                f"error: folder {node.folder} belongs to the chain {known}; the cluster at "
                f"{second.net.url} is the chain {other}; go on with --fresh, which keeps "
                f"{node.folder} as it is and gives the new chain a folder of its own in it, or "
                "name another --folder\n"
            )
        assert node.files() == kept
        assert staked(second, node.key) == 0

        node.does(second, "stake", "add", 20, "--fresh")
        graph = node.does(second, "graph", "register", node.graph)["graph"]
        sealed = second.net.bank.account(Pubkey.from_string(graph))
        assert sealed is not None
        assert sealed.owner == job_registry.Graph.PROGRAM_ID
        node.does(second, "stake", "add", 1)
        assert (staked(first, node.key), staked(second, node.key)) == (10, 21)
        untouched = {path: node.files()[path] for path in kept}
        assert untouched == kept

        node.does(first, "stake", "add", 5)
        assert (staked(first, node.key), staked(second, node.key)) == (15, 21)


def test_a_damaged_record_of_the_chain_is_told(node: Node) -> None:
    with cluster_for(node) as cluster:
        node.does(cluster, "stake", "open")
        (node.folder / "chain.json").write_text("{}")
        message = node.is_refused(cluster, "stake", "add", 1, status=1)
        assert "chain.json is damaged (KeyError); restore it, or name another" in message
        assert staked(cluster, node.key) == 0


def test_commands_work_beside_a_running_role(node: Node) -> None:
    with cluster_for(node, ticking=True) as cluster:
        options = node.options(cluster)
        node.does(cluster, "stake", "add", 500)
        provider = ("provider", "run", "--executor", "numpy", "--port", 0, *options)
        with RoleProcess(*provider) as running:
            running.told(f"provider {node.key} at ")
            assert node.does(cluster, "stake", "show")["staked"] == 500 * NLOV
            node.does(cluster, "stake", "add", 100)
            assert "ticket" in node.does(cluster, "stake", "unstake", 50)
            # The chain answers: the command has got through to it.
            assert "No rewards are owed" in node.is_refused(cluster, "stake", "claim", status=1)
            node.does(cluster, "graph", "register", node.graph)
            for role in ("provider", "verifier"):
                with RoleProcess(role, "run", "--port", 0, *options) as second:
                    assert second.ended() == 2
                    assert second.lines[-1].startswith("error: process ")
                    assert (
                        f"is the provider of folder {node.folder} already; end it first, or name "
                        "another --folder"
                    ) in second.lines[-1]
            assert running.running
            running.signal(signal.SIGKILL)
            running.ended()
        node.does(cluster, "stake", "add", 1)
        assert staked(cluster, node.key) == 551
        with RoleProcess(*provider) as again:
            again.told(f"provider {node.key} at ")


def test_a_role_ends_when_another_chain_takes_its_chains_place(node: Node) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(cluster_for(node, ticking=True))
        port, known = int(first.net.url.rpartition(":")[2]), first.net.bank.genesis_hash
        with RoleProcess("crank", "run", *node.options(first)) as crank:
            crank.told(f"crank {node.key}")
            stack.close()
            with Cluster(seed=OTHER_SEED, port=port) as second:
                assert crank.ended() == 1
                found = second.net.bank.genesis_hash
            errors = [line.rstrip() for line in crank.lines if line.startswith("error: ")]
            assert errors == [
                f"error: the cluster at {first.net.url} is another chain now: its genesis hash is "
                f"{found}, it was {known}; start again with --fresh, or name another --folder"
            ]
            assert not any("Traceback" in line for line in crank.lines)
