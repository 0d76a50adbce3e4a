"""Evidence on a bank: a lie about one product, proven by a stranger; questions, answered."""

from collections.abc import Callable

from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from idl.client import verdict
from keeper.cli.benchmark.bench import Bench, secret
from keeper.cli.benchmark.orders import Orders
from keeper.disputes import FIRST_BYTES, JUDGEMENT_UNITS, TICKET_AGE, Challenge, EvidenceBuffer
from keeper.jobs.questions import (
    ANSWER_DELAY,
    QUESTIONS,
    question,
    question_seed,
    seed_slot,
)
from kernels.evidence import Witness
from kernels.graph import Graph, Opcode
from kernels.models.digits import held_out
from kernels.reference import execute


class Trace:
    """The digits network run honestly, or but for the first element of its first product."""

    def __init__(self, graph: Graph, *, lying: bool) -> None:
        inputs = [held_out()[0].reshape(graph.inputs[0].shape)]
        outputs = execute(graph, inputs)
        self.product = next(
            index for index, each in enumerate(graph.descriptors) if each.opcode is Opcode.MATMUL
        )
        if lying:
            outputs[self.product].flat[0] += 1
        self.witness = Witness(graph, inputs, outputs, [(0, len(graph.descriptors))])
        claim = self.witness.claim(self.product, 0)
        self.root, self.inputs_root = claim.stages[0].root, claim.inputs_root


def _stage(bench: Bench, key: Keypair, buffer: EvidenceBuffer, *placing: Instruction) -> None:
    """All of the evidence but its tail."""
    rent = bench.bank.rent_exempt_minimum(buffer.space)
    first = buffer.staged[:FIRST_BYTES]
    bench.send(key, buffer.create(rent), buffer.open(), *placing, buffer.write(0, first))
    for offset, piece in buffer.pieces(FIRST_BYTES):
        bench.send(key, buffer.write(offset, piece))


def open_dispute(
    orders: Orders, provider: Keypair, lie: Trace
) -> tuple[Pubkey, Callable[[], None]]:
    """A committed job that lies, and what proves it: the evidence is staged."""
    bench = orders.bench
    job, _ = orders.post()
    orders.claim(provider, job)
    orders.commit(provider, job, root=lie.root)
    key = bench.actor("challenger")
    evidence = lie.witness.stage(lie.product, 0)
    buffer = EvidenceBuffer(key.pubkey(), job, lie.product, 0, evidence)
    challenge = Challenge(buffer, orders.address, secret("challenge", job))
    _stage(bench, key, buffer, challenge.place_ticket())
    bench.until(bench.bank.slot + TICKET_AGE)

    def prove() -> None:
        bench.send(key, set_compute_unit_limit(JUDGEMENT_UNITS), challenge.prove())
        bench.send(key, buffer.close(), challenge.close_ticket())

    return job, prove


def answer_questions(orders: Orders, provider: Keypair, job: Pubkey, trace: Trace) -> None:
    """Show what the beacon asks of a job that was posted with the trace's inputs."""
    bench = orders.bench
    judged = bench.view(job).verdict
    assert judged is not None
    assert judged.availability is not None
    asked = judged.availability.asked_slot
    bench.bank.advance(ANSWER_DELAY + 1)
    first = seed_slot(asked, bench.bank.slot)
    slot_hash = [value for slot, value in bench.bank.slot_hashes() if slot >= first][-1]
    outputs = [(spec.shape, spec.dtype) for spec in orders.graph.outputs]
    for index in range(QUESTIONS):
        operator, element = question(question_seed(bytes(slot_hash), job), index, outputs)
        evidence = trace.witness.stage(operator, element)
        buffer = EvidenceBuffer(provider.pubkey(), job, operator, element, evidence)
        _stage(bench, provider, buffer)
        answering = verdict.answer_element(
            question=index,
            tail=buffer.tail,
            provider=buffer.owner,
            job=job,
            graph=orders.address,
            buffer=buffer.address,
        )
        bench.send(provider, set_compute_unit_limit(JUDGEMENT_UNITS), answering)
        bench.send(provider, buffer.close())
