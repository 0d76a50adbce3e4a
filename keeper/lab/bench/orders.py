"""The steps of a job that need more than a role's plain action."""

import hashlib
from dataclasses import dataclass

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from idl.client import (
    DESCRIPTORS_PER_TRANSACTION,
    escrow,
    find_bump,
    job_registry,
    shard_of,
    staking,
    verdict,
)
from idl.client.bindings.verdict import DRAW_DELAY
from keeper.exact.decisions.actions import Claim, CommitStage, OpenVerdict
from keeper.exact.decisions.codes import Choice
from keeper.exact.roles.posting import JobTerms
from keeper.exact.roles.transactions import draw
from keeper.exact.verification import Ballot, ballot_commitment
from keeper.lab.bench.bench import NLOV, Bench, secret
from keeper.lab.localnet import TransactionRecord
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS, localnet_mint
from keeper.node.accounts import url_field
from kernels.graph import Graph

TERMS = JobTerms(price=20 * NLOV, verification_fee=NLOV // 10, tip=NLOV // 100, urgency=NLOV)
URL = url_field("http://127.0.0.1:7000")


@dataclass(slots=True)
class Orders:
    """One buyer's jobs on one registered graph."""

    bench: Bench
    buyer: Keypair
    graph: Graph
    posted: int = 0

    @property
    def owner(self) -> Pubkey:
        """The buyer's address."""
        return self.buyer.pubkey()

    @property
    def address(self) -> Pubkey:
        """The graph's address."""
        return job_registry.graph_address(self.owner, self.graph.spec_root)

    def register(self) -> None:
        """Register the graph, once abandoned and once for good, and open the buyer's counter."""
        descriptors = self.graph.encoded()
        opening = job_registry.open_graph(
            spec_root=self.graph.spec_root, operators=len(descriptors), author=self.owner
        )
        self.bench.send(self.buyer, opening)
        self.bench.send(
            self.buyer, job_registry.abandon_graph(author=self.owner, graph=self.address)
        )
        self.bench.send(self.buyer, opening)
        for first in range(0, len(descriptors), DESCRIPTORS_PER_TRANSACTION):
            data = b"".join(descriptors[first : first + DESCRIPTORS_PER_TRANSACTION])
            appending = job_registry.append_operators(
                data=data, author=self.owner, graph=self.address
            )
            self.bench.send(self.buyer, appending)
        self.bench.send(self.buyer, job_registry.open_buyer(owner=self.owner))

    def lock(self) -> tuple[Pubkey, Instruction]:
        """The next job's address, and the instruction that locks its payment."""
        job = job_registry.job_address(self.owner, self.posted)
        seeds = (b"job", bytes(self.owner), self.posted.to_bytes(8, "little"))
        return job, escrow.lock(
            job_id=self.posted,
            job_bump=find_bump(seeds, job_registry.ID),
            terms=escrow.Terms(
                price=TERMS.price,
                verification=TERMS.verification,
                tips=TERMS.tips,
                urgency=TERMS.urgency,
            ),
            buyer=self.owner,
            mint=localnet_mint().address,
            job=job,
            source=self.bench.tokens(self.owner),
        )

    def post(
        self, input_root: bytes | None = None, trap: bytes | None = None
    ) -> tuple[Pubkey, TransactionRecord]:
        """Lock and post the next job; without a root its inputs are nobody's."""
        job, lock = self.lock()
        burned = TERMS.urgency * LOCALNET_PARAMETERS.escrow.urgency_burn_bps // 10_000
        posting = job_registry.post_job(
            job_id=self.posted,
            terms=job_registry.JobTerms(
                input_root=input_root or secret("input", self.posted),
                manifest=secret("manifest", self.posted),
                source=URL,
                salt_commitment=hashlib.sha256(self.salt(job)).digest(),
                trap=trap or secret("trap", self.posted),
                verifiers=TERMS.verifiers,
                price=TERMS.price,
                verification_fee=TERMS.verification_fee,
                tip=TERMS.tip,
                urgency=TERMS.urgency - burned,
            ),
            owner=self.owner,
            graph=self.address,
            utilisation=job_registry.utilisation_address(shard_of(job)),
        )
        self.posted += 1
        return job, self.bench.send(self.buyer, lock, posting)

    def salt(self, job: Pubkey) -> bytes:
        """The buyer's secret of a job."""
        return secret("salt", job)

    def claim(self, provider: Keypair, job: Pubkey) -> list[TransactionRecord]:
        """Claim when everybody may, and open the verdict unless it is there."""
        longest = LOCALNET_PARAMETERS.job_registry.claim_max_delay_slots + 1
        self.bench.until(self.bench.view(job).job.posted_slot + longest)
        records = [self.bench.act(provider, Claim(job), job)]
        if self.bench.view(job).verdict is None:
            records.append(self.bench.act(provider, OpenVerdict(job), job))
        return records

    def commit(
        self, provider: Keypair, job: Pubkey, last: int | None = None, root: bytes | None = None
    ) -> TransactionRecord:
        """Commit the rest of the job, or the operators up to last."""
        view = self.bench.view(job)
        end = last if last is not None else len(self.graph.descriptors)
        stage = CommitStage(job, view.job.progress, end, root or secret("trace", job))
        return self.bench.act(provider, stage, job)

    def draw(self, job: Pubkey) -> TransactionRecord:
        """The buyer's salted draw."""
        judged = self.bench.view(job).verdict
        assert judged is not None
        self.bench.until(judged.committed_slot + DRAW_DELAY + 1)
        return self.bench.send(self.buyer, draw(job, self.owner, self.salt(job)))

    def vote(self, seats: dict[int, Keypair], job: Pubkey, ballot: Ballot) -> None:
        """Everybody drawn casts and reveals the same ballot."""
        judged = self.bench.view(job).verdict
        assert judged is not None
        for drawn in judged.ballots:
            verifier = seats[drawn.seat]
            commitment = ballot_commitment(ballot, bytes(verifier.pubkey()), bytes(job))
            cast = verdict.cast_ballot(
                ballot=drawn.index,
                commitment=commitment,
                owner=verifier.pubkey(),
                job=job,
                seat=staking.seat_address(drawn.seat),
            )
            self.bench.send(verifier, cast)
        for drawn in judged.ballots:
            verifier = seats[drawn.seat]
            reveal = verdict.reveal_ballot(
                ballot=drawn.index,
                choice=int(ballot.choice),
                operator=ballot.operator,
                element=ballot.element,
                salt=ballot.salt,
                owner=verifier.pubkey(),
                verdict=verdict.verdict_address(job),
            )
            self.bench.send(verifier, reveal)


def ballot_of(choice: Choice, job: Pubkey) -> Ballot:
    """A ballot whose salt only depends on the job."""
    return Ballot(choice, 0, 0, secret("ballot", job))
