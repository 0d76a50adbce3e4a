"""The Python example buys a job from real processes, and is refused what it cannot pay."""

from pathlib import Path

import pytest
from solders.keypair import Keypair

from examples.post_job.buying import NLOV, TIP
from examples.post_job.order import read_order
from kernels.graph.file import read
from kernels.graph.reference import NumpyExecutor
from kernels.trace import inputs_root, pack, tensor_root, unpack
from neurolov_client import associated_token_address, escrow, job_registry, staking
from tests.examples.network import Network, example, succeeded

LAMPORTS = 10**9
FUNDED_NLOV = 100_000 * NLOV
FAST_SLOT_MS = 40
MILESTONES = ("JobPosted", "JobClaimed", "StageCommitted", "VerdictSettled")


def test_a_job_is_posted_followed_and_its_result_written(
    network: Network, order: tuple[Path, Path], tmp_path: Path
) -> None:
    network.open_market()
    graph, tensor = order
    output = tmp_path / "result.bin"
    told = succeeded(
        example(
            "post_job",
            *("--url", network.url, "--keypair", network.keypair("buyer")),
            *("--graph", graph, "--input", tensor, "--verifiers", 1, "--output", output),
        )
    )
    lines = told.splitlines()
    assert [line for line in lines if line in MILESTONES] == list(MILESTONES)
    ours = read(graph)
    rows = unpack(tensor.read_bytes(), ours.inputs[0].shape, ours.inputs[0].dtype)
    expected = NumpyExecutor().execute(ours, [rows])[-1]
    assert output.read_bytes() == pack(expected).tobytes()


def test_a_job_that_nobody_claims_costs_the_posting_fee_and_a_tip(
    tmp_path: Path, order: tuple[Path, Path]
) -> None:
    graph, tensor = order
    output = tmp_path / "result.bin"
    with Network(tmp_path, slot_ms=FAST_SLOT_MS) as network:
        network.open_crank()
        ended = example(
            "post_job",
            *("--url", network.url, "--keypair", network.keypair("buyer")),
            *("--graph", graph, "--input", tensor, "--output", output),
        )
        assert (ended.returncode, ended.stderr) == (1, "")
        buyer = Keypair.from_json(network.keypair("buyer").read_text()).pubkey()
        config = network.account(escrow.config_address())
        assert config is not None
        mint = escrow.Config.decode(config).mint
        tokens = str(associated_token_address(buyer, mint))
        terms = network.account(staking.terms_address(0))
        assert terms is not None
        posting_fee = staking.Terms.decode(terms).parameters.escrow.posting_fee
        held = network.rpc("getTokenAccountBalance", tokens, {"commitment": "confirmed"})
        balance = int(held["value"]["amount"])
    assert ended.stdout.splitlines()[-3:-1] == ["JobEnded", "Refunded"]
    assert FUNDED_NLOV - balance == posting_fee + TIP
    assert not output.exists()


def test_the_commitments_are_those_of_the_kernels(order: tuple[Path, Path]) -> None:
    graph, tensor = order
    ours = read(graph)
    rows = unpack(tensor.read_bytes(), ours.inputs[0].shape, ours.inputs[0].dtype)
    read_back = read_order(graph, tensor)
    assert read_back.spec_root == ours.spec_root
    assert read_back.input_root == inputs_root([tensor_root(rows)])
    assert read_back.descriptors == ours.encoded()


def test_a_buyer_without_tokens_is_told_so_and_posts_nothing(
    network: Network, order: tuple[Path, Path]
) -> None:
    graph, tensor = order
    poor = network.new_key("poor")
    network.rpc("requestAirdrop", str(poor), LAMPORTS)
    ended = example(
        "post_job",
        *("--url", network.url, "--keypair", network.keypair("poor")),
        *("--graph", graph, "--input", tensor),
    )
    assert ended.returncode == 1
    refusal = ended.stderr.splitlines()[-1]
    assert refusal.startswith(
        "neurolov_client.errors.ProgramError: escrow: WrongTokenAccount (6107)"
    )
    assert network.account(job_registry.job_address(poor, 0)) is None


def test_a_file_that_is_no_graph_is_refused_before_anything_is_sent(
    order: tuple[Path, Path],
) -> None:
    _, tensor = order
    with pytest.raises(ValueError, match="is not a graph file"):
        read_order(tensor, tensor)
