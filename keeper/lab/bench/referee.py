"""The cost on chain of proving a product wrong, up to the slash of the provider's stake."""

from dataclasses import dataclass

import numpy as np

from keeper.exact.decisions.actions import SlashProvider
from keeper.exact.decisions.codes import Outcome
from keeper.lab.bench.dispute import Lie, open_dispute
from keeper.lab.bench.jobs import GraphJobs
from keeper.lab.bench.recording import RecordingSandbox
from keeper.node.registration import capability
from kernels.evidence import Witness
from kernels.graph import GraphBuilder
from kernels.trace.layout import Array
from neurolov_client import job_registry

EDGE = 2_048
# With a bias, operands of 4,096 terms would pass the referee's limit.
WITH_BIAS = 3_840
CAPABILITY = capability(
    ask=1, memory_bytes=1 << 32, rate=1 << 40, max_macs=1 << 50, endpoint="http://127.0.0.1:7010"
)


class ProofFailedError(RuntimeError):
    """The chain did not slash for a wrong element."""


@dataclass(frozen=True, slots=True)
class DisputeCost:
    """Compute units of the proof, and the number of transactions from nothing to the slash."""

    units: int
    transactions: int


def dispute_cost(inner: int) -> DisputeCost:
    """Proves the last element of a product of 2,048 by 2,048 over `inner` terms wrong.

    On a fresh bank, each transaction as a challenger sends it; raises ProofFailedError.
    """
    sandbox = RecordingSandbox()
    buyer, provider, crank = (sandbox.person(name) for name in ("buyer", "provider", "crank"))
    lie = wrong_product(inner)
    jobs = GraphJobs(sandbox, buyer, lie.graph)
    jobs.register()
    sandbox.stake(provider)
    registering = job_registry.register_provider(capability=CAPABILITY, owner=provider.key)
    sandbox.send(registering, signers=[provider])
    sandbox.stand()
    job, dispute = open_dispute(jobs, provider, lie)
    proof = dispute.prove()
    sandbox.warp(sandbox.parameters.verdict.trap_slots + 1)
    sandbox.act(crank, SlashProvider(job.address), job.address)
    judged = jobs.verdict(job)
    if judged.outcome is not Outcome.FRAUD or not judged.slashed:
        raise ProofFailedError(f"a wrong product over {inner} terms was not slashed for")
    return DisputeCost(proof.units, len(dispute.sent) + 1)


def wrong_product(inner: int) -> Lie:
    """Returns the product of a rectified input by ones, committed as all zeros."""
    build = GraphBuilder()
    x = build.relu(build.input((EDGE, inner)))
    bias = [np.ones(EDGE, np.int32)] if inner <= WITH_BIAS else []
    build.matmul(x, np.ones((EDGE, inner), np.int8), *bias)
    rows = np.ones((1, 1, EDGE, inner), np.int8)
    outputs: list[Array] = [rows, np.zeros((1, 1, EDGE, EDGE), np.int32)]
    witness = Witness(build.build(), [rows], outputs, [(0, 2)])
    return Lie(witness, 1, EDGE * EDGE - 1)
