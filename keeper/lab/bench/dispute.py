"""A lie about one product, proven by a stranger."""

from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction

from keeper.exact.disputes import (
    FIRST_BYTES,
    JUDGEMENT_UNITS,
    Challenge,
    EvidenceBuffer,
)
from keeper.lab.bench.jobs import GraphJobs
from keeper.lab.bench.recording import secret
from keeper.lab.localnet import TransactionRecord
from keeper.lab.market import judgement
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import PostedJob
from kernels.evidence import Witness
from kernels.graph import Graph, Opcode
from kernels.graph.reference import execute
from kernels.models.digits import held_out
from neurolov_client.bindings.verdict import TICKET_AGE


class Lie:
    """A committed trace of one stage, and the evidence that one of its elements is wrong."""

    def __init__(self, witness: Witness, operator: int, element: int) -> None:
        self.graph = witness.graph
        self.operator = operator
        self.element = element
        self.root = witness.claim(operator, element).stages[0].root
        self.evidence = witness.stage(operator, element)


def lie_about_digits(graph: Graph) -> Lie:
    """Returns the digits network's trace, honest except for the first element of a product."""
    inputs = [held_out()[0].reshape(graph.inputs[0].shape)]
    outputs = execute(graph, inputs)
    operator = next(
        index for index, each in enumerate(graph.descriptors) if each.opcode is Opcode.MATMUL
    )
    outputs[operator].flat[0] += 1
    return Lie(Witness(graph, inputs, outputs, [(0, len(graph.descriptors))]), operator, 0)


class Dispute:
    """One challenger's evidence and ticket against a lie in a job."""

    def __init__(self, jobs: GraphJobs, challenger: Actor, job: PostedJob, lie: Lie) -> None:
        self._sandbox = jobs.sandbox
        self._challenger = challenger
        self._buffer = EvidenceBuffer(
            challenger.key, job.address, lie.operator, lie.element, lie.evidence
        )
        self._challenge = Challenge(self._buffer, jobs.address, secret("challenge", job.address))
        self.sent: list[TransactionRecord] = []

    def prepare(self) -> None:
        """Places the ticket, uploads all evidence but its tail, and lets the ticket age."""
        buffer, sandbox = self._buffer, self._sandbox
        rent = sandbox.bank.rent_exempt_minimum(buffer.space)
        self._send(*buffer.begin(rent, [self._challenge.place_ticket()]))
        for offset, piece in buffer.pieces(FIRST_BYTES):
            self._send(buffer.write(offset, piece))
        sandbox.warp(TICKET_AGE)

    def prove(self) -> TransactionRecord:
        """Has the referee judge, and returns the record of that transaction."""
        return self._send(set_compute_unit_limit(JUDGEMENT_UNITS), self._challenge.prove())

    def withdraw(self) -> None:
        """Closes buffer and ticket, which returns their rent."""
        self._send(self._buffer.close(), self._challenge.close_ticket())

    def _send(self, *instructions: Instruction) -> TransactionRecord:
        self.sent.append(self._sandbox.send(*instructions, signers=[self._challenger]).record)
        return self.sent[-1]


def open_dispute(
    jobs: GraphJobs, provider: Actor, lie: Lie, **changes: object
) -> tuple[PostedJob, Dispute]:
    """Returns a committed job that lies, and a dispute that is ready to be proven."""
    job = jobs.post(**changes)
    jobs.claim(provider, job)
    judgement.commit(jobs.sandbox, provider, job, root=lie.root)
    dispute = Dispute(jobs, jobs.sandbox.person("challenger"), job, lie)
    dispute.prepare()
    return job, dispute
