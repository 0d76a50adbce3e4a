"""Steps of buyers and providers, and of crankers of their deadlines."""

from typing import Final

from idl.client import escrow, job_registry, staking, verdict
from idl.client.bindings.job_registry import BPS, MAX_DRAWS, PAID_CRANK_STEPS, JobState
from idl.client.bindings.verdict import ProofKind
from keeper.lab.market import jobs as market
from tests.invariants.economy import committed
from tests.invariants.ledger import CommittedStage, JobLedger
from tests.invariants.providers import ProviderSteps
from tests.world import Actor

ENDED: Final = {JobState.SETTLED, JobState.CANCELLED, JobState.EXPIRED, JobState.VOIDED}
_NEVER_POSTED: Final = 1_000_000


class MarketSteps(ProviderSteps):
    """Each step predicts from the view whether it is allowed, and books what it moves."""

    def job(self, ledger: JobLedger) -> job_registry.Job:
        """Returns the job's account."""
        return self.view.jobs[ledger.job.address]

    def post(
        self, buyer: Actor, *, paid_urgency: int = 0, lie: int | None = None, **offer: int
    ) -> JobLedger:
        """Locks and posts. `paid_urgency` is even, so that exactly half of it burns.

        All providers of the job compute it truly, except for the first element of operator `lie`.
        """
        posted = market.post_job(
            self.world,
            buyer,
            self.graph_address,
            paid_urgency=paid_urgency,
            input_root=committed(None, ()).witness.claim(0, 0).inputs_root,
            **offer,
        )
        self.forget()
        agreed, burned = posted.offer, self.world.parameters.escrow.posting_fee
        burned += paid_urgency * self.world.parameters.escrow.urgency_burn_bps // BPS
        locked = (
            agreed.price
            + agreed.verification_fee * agreed.verifiers * MAX_DRAWS
            + agreed.tip * PAID_CRANK_STEPS
            + agreed.urgency
        )
        ledger = JobLedger(posted, locked, lie)
        self.book.open(self.vault_of(ledger))
        self.book.move(buyer.tokens, self.vault_of(ledger), locked)
        self.book.burn(buyer.tokens, burned)
        self.ledgers.append(ledger)
        return ledger

    def lock_and_take_back(self, buyer: Actor, donation: int) -> None:
        """Locks for a job that is never posted, with a stranger's gift on top."""
        offer = market.offer_of(_NEVER_POSTED)
        job = job_registry.job_address(buyer.key, _NEVER_POSTED)
        before = self.world.tokens(buyer)
        self.world.send(market.lock(self.world, buyer, _NEVER_POSTED, offer), signers=[buyer])
        vault = escrow.vault_address(job)
        self.book.open(vault)
        burned = self.world.parameters.escrow.posting_fee
        locked = before - burned - self.world.tokens(buyer)
        self.book.move(buyer.tokens, vault, locked)
        self.book.burn(buyer.tokens, burned)
        give_back = escrow.refund_unposted(buyer=buyer.key, job=job, destination=buyer.tokens)
        self.donate(vault, donation)
        self.attempt(None, give_back, signers=[buyer])
        self.book.move(vault, buyer.tokens, locked + donation)
        self.book.close(vault)
        self.attempt("AccountOwnedByWrongProgram", give_back, signers=[buyer])

    def cancel(self, ledger: JobLedger) -> None:
        job = self.job(ledger)
        refusal = None
        if job.state != JobState.POSTED:
            refusal = "JobNotPosted"
        elif job.progress:
            refusal = "JobHasProgress"
        buyer = ledger.job.buyer
        self.attempt(
            refusal,
            job_registry.cancel(buyer=buyer.key, job=ledger.job.address),
            signers=[buyer],
        )
        if refusal is None:
            ledger.refund(None)
            self.reached["cancelled"] += 1

    def claim(self, owner: Actor, ledger: JobLedger) -> None:
        """Claims once every provider's turn has come."""
        job, params = self.job(ledger), self.world.parameters.job_registry
        turn = job.posted_slot + 1 + params.claim_max_delay_slots
        if job.state == JobState.POSTED and self.world.slot < turn:
            self.world.warp_to(turn)
        refusal = self.claim_refusal(owner, ledger)
        self.attempt(
            refusal,
            job_registry.claim(owner=owner.key, job=ledger.job.address),
            signers=[owner],
        )
        if refusal is None:
            assert self.job(ledger).lease.price == self.quote(owner) + job.urgency

    def claim_refusal(self, owner: Actor, ledger: JobLedger) -> str | None:
        """Returns why the provider may not claim even when its turn has come, or none."""
        job, params = self.job(ledger), self.world.parameters.job_registry
        provider = self.view.providers.get(owner.key)
        if provider is None:
            return "AccountOwnedByWrongProgram"
        price = self.quote(owner) + job.urgency
        exposed = price * params.kappa - (-price * params.bond_bps // BPS)
        checks = {
            "JobNotPosted": job.state != JobState.POSTED,
            "AttemptsExhausted": job.attempts >= params.max_attempts,
            "ClaimWindowOver": self.world.slot > job.claim_deadline,
            "ProviderBarred": (ledger.job.address, owner.key) in self.view.exposures,
            "ProviderDraining": bool(provider.draining),
            "RegisteredTooRecently": self.world.slot
            < provider.registered_slot + params.min_registration_slots,
            "QuoteAbovePrice": self.quote(owner) > job.price,
            "InsufficientFreeStake": exposed > self.view.free(owner.key),
        }
        return next((refusal for refusal, applies in checks.items() if applies), None)

    def open_verdict(self, ledger: JobLedger) -> None:
        """A leaseholder may open the verdict and then commit nothing."""
        owner = self.by_key[self.job(ledger).lease.provider]
        known = ledger.job.address in self.view.verdicts
        self.attempt(
            "AccountAlreadyInUse" if known else None,
            verdict.open_verdict(owner=owner.key, job=ledger.job.address),
            signers=[owner],
        )

    def commit(self, ledger: JobLedger, last: int, *, restart: bool = False) -> None:
        """Commits up to operator `last`, at least one, from the job's progress or from 0."""
        job = self.job(ledger)
        owner = self.by_key[job.lease.provider]
        first = 0 if restart else job.progress
        last = max(first + 1, last)
        opening = []
        if ledger.job.address not in self.view.verdicts:
            opening = [verdict.open_verdict(owner=owner.key, job=ledger.job.address)]
        late = self.world.slot > job.lease.expires_slot
        earlier = () if first == 0 else ledger.ranges
        claim = committed(ledger.lie, (*earlier, (first, last))).witness.claim(0, 0)
        self.attempt(
            "LeaseExpired" if late else None,
            *opening,
            verdict.commit_stage(
                first=first,
                last=last,
                root=claim.stages[-1].root,
                kind=ProofKind.TRACE_COMMITMENT,
                owner=owner.key,
                job=ledger.job.address,
                graph=self.graph_address,
            ),
            signers=[owner],
        )
        if not late:
            macs = sum(each.multiply_adds for each in self.graph.descriptors[first:last])
            ledger.commit(CommittedStage(owner.key, first, last, macs, job.lease.price))

    def expire_lease(self, ledger: JobLedger) -> None:
        lease = self.job(ledger).lease
        early = self.world.slot <= lease.expires_slot
        self.attempt(
            "LeaseRunning" if early else None,
            job_registry.expire_lease(job=ledger.job.address, owner=lease.provider),
        )
        if not early:
            self.book.move(staking.stake_vault_address(), self.vault_of(ledger), lease.bond)
            self.reached["lapsed"] += 1

    def expire_job(self, ledger: JobLedger, cranker: Actor) -> None:
        job, params = self.job(ledger), self.world.parameters.job_registry
        over = self.world.slot > job.claim_deadline or job.attempts >= params.max_attempts
        refusal = None if over else "ClaimWindowOpen"
        if job.state != JobState.POSTED:
            refusal = "JobNotPosted"
        self.attempt(
            refusal,
            job_registry.expire_job(cranker=cranker.key, job=ledger.job.address),
            signers=[cranker],
        )
        if refusal is None and job.progress == 0:
            ledger.refund(cranker.key)
            self.reached["expired"] += 1
