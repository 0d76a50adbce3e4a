"""The jobs that are measured: one buyer's, on one graph, all at the same offer."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.exact.decisions.actions import OpenVerdict
from keeper.exact.decisions.codes import Choice
from keeper.exact.decisions.state import Verdict
from keeper.lab.bench.recording import RecordingSandbox, secret
from keeper.lab.market import jobs as market
from keeper.lab.market import judgement
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import PostedJob
from kernels.graph import Graph
from neurolov_client import job_registry

PRICE: Final = 20 * NLOV
URL: Final = market.padded(b"http://127.0.0.1:7000")
PAID_URGENCY: Final = NLOV


@dataclass(frozen=True, slots=True)
class GraphJobs:
    """One buyer's jobs on one graph."""

    sandbox: RecordingSandbox
    buyer: Actor
    graph: Graph

    @property
    def address(self) -> Pubkey:
        """Returns the graph's address."""
        return job_registry.graph_address(self.buyer.key, self.graph.spec_root)

    def register(self) -> None:
        """Opens the graph and abandons it, registers it for good, and opens the buyer's counter."""
        opening = job_registry.open_graph(
            spec_root=self.graph.spec_root,
            operators=len(self.graph.descriptors),
            author=self.buyer.key,
        )
        abandoning = job_registry.abandon_graph(author=self.buyer.key, graph=self.address)
        for step in (opening, abandoning):
            self.sandbox.send(step, signers=[self.buyer])
        market.register_graph(self.sandbox, self.buyer, self.graph)
        market.open_buyer(self.sandbox, self.buyer)

    def lock(self) -> tuple[Pubkey, Instruction]:
        """Returns the next job's address, and the instruction that locks its payment."""
        job_id = market.next_job_id(self.sandbox, self.buyer)
        offer = market.offer_of(job_id, price=PRICE)
        locking = market.lock(self.sandbox, self.buyer, job_id, offer, paid_urgency=PAID_URGENCY)
        return job_registry.job_address(self.buyer.key, job_id), locking

    def post(self, **changes: object) -> PostedJob:
        """Locks and posts the next job; `changes` are offer other than the usual."""
        job_id = market.next_job_id(self.sandbox, self.buyer)
        salt = secret("salt", job_registry.job_address(self.buyer.key, job_id))
        offer: dict[str, object] = {
            "salt_commitment": hashlib.sha256(salt).digest(),
            "input_root": secret("input", job_id),
            "manifest": secret("manifest", job_id),
            "source": URL,
            "trap": secret("trap", job_id),
            "price": PRICE,
        }
        posted = market.post_job(
            self.sandbox,
            self.buyer,
            self.address,
            paid_urgency=PAID_URGENCY,
            **{**offer, **changes},
        )
        return replace(posted, salt=salt)

    def claim(self, provider: Actor, job: PostedJob) -> None:
        """Claims when everybody may, and opens the verdict unless it is there."""
        market.claim(self.sandbox, provider, job)
        if self.sandbox.view(job.address).verdict is None:
            self.sandbox.act(provider, OpenVerdict(job.address), job.address)

    def draw(self, job: PostedJob) -> Verdict:
        """Draws with the buyer's salt, and returns the verdict with the ballots drawn."""
        judgement.draw(self.sandbox, self.buyer, job)
        return self.verdict(job)

    def verdict(self, job: PostedJob) -> Verdict:
        """Returns the job's verdict; raises LookupError where there is none."""
        found = self.sandbox.view(job.address).verdict
        if found is None:
            raise LookupError(f"no verdict of {job.address}")
        return found

    def vote(self, seats: dict[int, Actor], job: PostedJob, choice: Choice) -> None:
        """Lets everybody drawn cast and reveal the same choice."""
        drawn = judgement.drawn(self.sandbox, job)
        salt = secret("ballot", job.address)
        for ballot, seat in drawn:
            judgement.cast(self.sandbox, seats[seat], job, ballot, choice, salt=salt)
        for ballot, seat in drawn:
            judgement.reveal(self.sandbox, seats[seat], job, ballot, choice, salt=salt)
