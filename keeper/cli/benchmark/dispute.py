"""A lie about one product, accepted by every verifier and proven by a stranger."""

from collections.abc import Callable
from functools import partial

from solders.compute_budget import set_compute_unit_limit
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.cli.benchmark.bench import Bench, secret
from keeper.cli.benchmark.orders import Orders
from keeper.disputes import FIRST_BYTES, PROOF_UNITS, TICKET_AGE, Challenge, EvidenceBuffer
from kernels.evidence import Witness
from kernels.graph import Graph, Opcode
from kernels.models.digits import held_out
from kernels.reference import execute


class Lie:
    """The digits network run honestly but for the first element of its first product."""

    def __init__(self, graph: Graph) -> None:
        inputs = [held_out()[0].reshape(graph.inputs[0].shape)]
        outputs = execute(graph, inputs)
        self.operator = next(
            index for index, each in enumerate(graph.descriptors) if each.opcode is Opcode.MATMUL
        )
        outputs[self.operator].flat[0] += 1
        witness = Witness(graph, inputs, outputs, [(0, len(graph.descriptors))])
        self.root = witness.claim(self.operator, 0).stages[0].root
        self.evidence = witness.stage(self.operator, 0)


class Dispute:
    """One challenger's evidence and ticket against a lie in a job."""

    def __init__(self, bench: Bench, challenger: Keypair, job: Pubkey, lie: Lie) -> None:
        self._bench = bench
        self._key = challenger
        self._buffer = EvidenceBuffer(challenger.pubkey(), job, lie.operator, 0, lie.evidence)

    def prepare(self, graph: Pubkey) -> Challenge:
        """Place the ticket and stage all of the evidence but its tail."""
        buffer, bank = self._buffer, self._bench.bank
        challenge = Challenge(buffer, graph, secret("challenge", buffer.job))
        self._bench.send(
            self._key,
            buffer.create(bank.rent_exempt_minimum(buffer.space)),
            buffer.open(),
            challenge.place_ticket(),
            buffer.write(0, buffer.staged[:FIRST_BYTES]),
        )
        for offset, piece in buffer.pieces(FIRST_BYTES):
            self._bench.send(self._key, buffer.write(offset, piece))
        self._bench.until(bank.slot + TICKET_AGE)
        return challenge

    def prove(self, challenge: Challenge) -> None:
        """Have the referee judge, then take back the rent of what was staged."""
        self._bench.send(self._key, set_compute_unit_limit(PROOF_UNITS), challenge.prove())
        self._bench.send(self._key, self._buffer.close(), challenge.close_ticket())


def open_dispute(orders: Orders, provider: Keypair, lie: Lie) -> tuple[Pubkey, Callable[[], None]]:
    """A committed job that lies, and what proves it: the evidence is staged."""
    job, _ = orders.post()
    orders.claim(provider, job)
    orders.commit(provider, job, root=lie.root)
    dispute = Dispute(orders.bench, orders.bench.actor("challenger"), job, lie)
    challenge = dispute.prepare(orders.address)
    return job, partial(dispute.prove, challenge)
