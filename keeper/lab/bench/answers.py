"""Data that a majority missed, and its provider's answers to what the beacon asks."""

from itertools import accumulate

from solders.compute_budget import set_compute_unit_limit
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from idl.client import verdict
from idl.client.bindings.verdict import ANSWER_DELAY, QUESTIONS
from keeper.exact.decisions.questions import (
    question,
    question_seed,
    seed_slot,
)
from keeper.exact.disputes import FIRST_BYTES, JUDGEMENT_UNITS, EvidenceBuffer
from keeper.lab.bench.orders import Orders
from kernels.evidence import Witness
from kernels.graph import Graph
from kernels.graph.reference import execute
from kernels.models.digits import held_out


class Trace:
    """The digits network run honestly and committed in one stage."""

    def __init__(self, graph: Graph) -> None:
        inputs = [held_out()[0].reshape(graph.inputs[0].shape)]
        outputs = execute(graph, inputs)
        self.witness = Witness(graph, inputs, outputs, [(0, len(graph.descriptors))])
        claim = self.witness.claim(0, 0)
        self.root, self.inputs_root = claim.stages[0].root, claim.inputs_root


def answer_questions(orders: Orders, provider: Keypair, job: Pubkey, trace: Trace) -> None:
    """Show all that the beacon asks of a job that was posted with the trace's inputs."""
    bench = orders.bench
    judged = bench.view(job).verdict
    assert judged is not None
    assert judged.availability is not None
    bench.bank.advance(ANSWER_DELAY + 1)
    first = seed_slot(judged.availability.asked_slot, bench.bank.slot)
    slot_hash = [value for slot, value in bench.bank.slot_hashes() if slot >= first][-1]
    seed = question_seed(bytes(slot_hash), job)
    outputs = [(spec.shape, spec.dtype) for spec in orders.graph.outputs]
    work = list(accumulate(each.multiply_adds for each in orders.graph.descriptors))
    for index in range(QUESTIONS):
        operator, element = question(seed, index, outputs, work)
        evidence = trace.witness.stage(operator, element)
        buffer = EvidenceBuffer(provider.pubkey(), job, operator, element, evidence)
        bench.send(provider, *buffer.begin(bench.bank.rent_exempt_minimum(buffer.space)))
        for offset, piece in buffer.pieces(FIRST_BYTES):
            bench.send(provider, buffer.write(offset, piece))
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
