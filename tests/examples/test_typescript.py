"""The TypeScript example compiles under strict rules and posts a job that Python reads back."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from examples.post_job.order import read_order
from neurolov_client import job_registry
from tests.examples.network import ROOT, Network, finished, succeeded

FOLDER = ROOT / "examples" / "typescript"
SOURCE = "http://127.0.0.1:7000/"


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    succeeded(finished("npm", "run", "build", "--prefix", FOLDER))


def posted(network: Network, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The compiled example against the network."""
    return subprocess.run(
        ["node", FOLDER / "dist/post_job.js", *map(str, arguments)],
        env=os.environ | {"RPC_URL": network.url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_job_is_posted_read_back_and_its_event_decoded(
    network: Network, order: tuple[Path, Path]
) -> None:
    graph, tensor = order
    ended = posted(network, network.keypair("buyer"), graph, tensor, SOURCE)
    told = succeeded(ended).splitlines()
    # web3.js complains here of every method and subscription that a node lacks.
    assert ended.stderr == ""
    addresses = dict(line.split(" ", 1) for line in told[:2])
    job = Pubkey.from_string(addresses["job"])
    account = network.account(job)
    assert account is not None
    found = job_registry.Job.decode(account)
    ours = read_order(graph, tensor)
    assert (found.spec_root, found.input_root) == (ours.spec_root, ours.input_root)
    assert (found.manifest, found.source.rstrip(b"\0").decode()) == (ours.manifest, SOURCE)
    assert str(found.graph) == addresses["graph"]
    assert told[2] == (f"state {found.state}, price {found.price}, claim by {found.claim_deadline}")
    name, _, fields = told[3].partition(" ")
    event = json.loads(fields)
    assert name == "jobPosted"
    assert (event["job"], event["buyer"]) == (str(job), str(found.buyer))
    assert (event["price"], event["macs"]) == (str(found.price), str(found.macs))


def test_a_file_that_is_no_graph_is_refused(network: Network, order: tuple[Path, Path]) -> None:
    _, tensor = order
    ended = posted(network, network.keypair("buyer"), tensor, tensor, SOURCE)
    assert ended.returncode == 1
    assert f"Error: {tensor} is not a graph file" in ended.stderr


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    resolved = {package.get("resolved") for package in lock["packages"].values()}
    assert resolved == {None, "file:../../idl/typescript"}
