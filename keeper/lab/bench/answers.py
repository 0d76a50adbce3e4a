"""Data that a majority could not get, and the provider's answers to the beacon's questions."""

from itertools import accumulate

from solders.compute_budget import set_compute_unit_limit

from keeper.exact.decisions.questions import (
    question,
    question_seed,
    seed_slot,
)
from keeper.exact.disputes import FIRST_BYTES, JUDGEMENT_UNITS, EvidenceBuffer
from keeper.lab.bench.jobs import GraphJobs
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import PostedJob, terms_of
from kernels.evidence import Witness
from kernels.graph import Graph
from kernels.graph.reference import execute
from kernels.models.digits import held_out
from neurolov_client import verdict
from neurolov_client.bindings.verdict import ANSWER_DELAY, QUESTIONS


class Trace:
    """The digits network run honestly and committed in one stage."""

    def __init__(self, graph: Graph) -> None:
        inputs = [held_out()[0].reshape(graph.inputs[0].shape)]
        outputs = execute(graph, inputs)
        self.witness = Witness(graph, inputs, outputs, [(0, len(graph.descriptors))])
        claim = self.witness.claim(0, 0)
        self.root, self.inputs_root = claim.stages[0].root, claim.inputs_root


def answer_questions(jobs: GraphJobs, provider: Actor, job: PostedJob, trace: Trace) -> None:
    """Answers all questions of the beacon about a job that was posted with the trace's inputs.

    Raises LookupError where nothing was asked.
    """
    sandbox = jobs.sandbox
    asked = jobs.verdict(job).availability
    if asked is None:
        raise LookupError(f"nobody asked for the data of {job.address}")
    sandbox.bank.advance(ANSWER_DELAY + 1)
    first = seed_slot(asked.asked_slot, sandbox.slot)
    slot_hash = [value for slot, value in sandbox.bank.slot_hashes() if slot >= first][-1]
    seed = question_seed(bytes(slot_hash), job.address)
    outputs = [(spec.shape, spec.dtype) for spec in jobs.graph.outputs]
    work = list(accumulate(each.multiply_adds for each in jobs.graph.descriptors))
    for index in range(QUESTIONS):
        operator, element = question(seed, index, outputs, work)
        evidence = trace.witness.stage(operator, element)
        buffer = EvidenceBuffer(provider.key, job.address, operator, element, evidence)
        rent = sandbox.bank.rent_exempt_minimum(buffer.space)
        sandbox.send(*buffer.begin(rent), signers=[provider])
        for offset, piece in buffer.pieces(FIRST_BYTES):
            sandbox.send(buffer.write(offset, piece), signers=[provider])
        answering = verdict.answer_element(
            question=index,
            tail=buffer.tail,
            signer=buffer.signer,
            terms=terms_of(sandbox, job),
            job=job.address,
            graph=jobs.address,
            buffer=buffer.address,
        )
        limit = set_compute_unit_limit(JUDGEMENT_UNITS)
        sandbox.send(limit, answering, signers=[provider])
        sandbox.send(buffer.close(), signers=[provider])
