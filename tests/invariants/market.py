"""Steps of buyers and providers, and of crankers of their deadlines."""

from typing import Final

from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import jobs as market
from neurolov_client import escrow, job_registry, shard_of, staking, verdict
from neurolov_client.bindings.job_registry import BPS, MAX_DRAWS, PAID_CRANK_STEPS, JobState
from neurolov_client.bindings.verdict import ProofKind
from tests.invariants.economy import committed
from tests.invariants.ledger import CommittedStage, JobLedger
from tests.invariants.providers import ProviderSteps
from tests.world import Actor

ENDED: Final = {JobState.SETTLED, JobState.CANCELLED, JobState.EXPIRED, JobState.VOIDED}
_NEVER_POSTED: Final = 1_000_000


class MarketSteps(ProviderSteps):
    """Each step predicts from the view whether it is allowed, and books what it moves."""

    def terms(self, ledger: JobLedger) -> Pubkey:
        """Returns the address of the terms that the job keeps."""
        return staking.terms_address(ledger.version)

    def job(self, ledger: JobLedger) -> job_registry.Job:
        """Returns the job's account."""
        return self.view.jobs[ledger.job.address]

    def post(
        self, buyer: Actor, *, paid_urgency: int = 0, lie: int | None = None, **offer: int
    ) -> JobLedger:
        """Locks and posts. `paid_urgency` is even, so that exactly half of it burns.

        A price, fee or tip below the floor of the present terms is raised to it. All providers of
        the job compute it truly, except for the first element of operator `lie`.
        """
        usual = market.offer_of(0)
        for name, least in self.floors().items():
            offer[name] = max(offer.get(name, getattr(usual, name)), least)
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
        ledger = JobLedger(posted, locked, self.view.pool.terms, self.world.parameters, lie)
        self.book.open(self.vault_of(ledger))
        self.book.move(buyer.tokens, self.vault_of(ledger), locked)
        self.book.burn(buyer.tokens, burned)
        self.ledgers.append(ledger)
        return ledger

    def floors(self) -> dict[str, int]:
        """Returns the least price, fee per ballot and tip under the present terms."""
        registry, judged = self.world.parameters.job_registry, self.world.parameters.verdict
        rent = -(-judged.ballot_exposure * judged.ballot_rent_bps // BPS)
        return {
            "price": registry.min_price,
            "verification_fee": rent,
            "tip": registry.min_tip,
        }

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

    def claim(self, owner: Actor, ledger: JobLedger, operator: Actor | None = None) -> None:
        """Claims once every provider's turn has come, with the owner's key or an operator's."""
        job, params = self.job(ledger), ledger.parameters.job_registry
        turn = job.posted_slot + 1 + params.claim_max_delay_slots
        if job.state == JobState.POSTED and self.world.slot < turn:
            self.world.warp_to(turn)
        refusal = self.claim_refusal(owner, ledger, operator)
        self.attempt(
            refusal,
            market.claiming(self.world, owner, ledger.job, operator),
            signers=[operator or owner],
        )
        if refusal is None:
            quote = self.quote(owner, ledger.parameters.job_registry)
            assert self.job(ledger).lease.price == quote + job.urgency

    def claim_refusal(
        self, owner: Actor, ledger: JobLedger, operator: Actor | None = None
    ) -> str | None:
        """Returns why the provider may not claim even when its turn has come, or none."""
        job, params = self.job(ledger), ledger.parameters.job_registry
        provider = self.view.providers.get(owner.key)
        if provider is None:
            return "AccountOwnedByWrongProgram"
        exposure, bond = self.at_stake(ledger)
        quote, exposed = self.quote(owner, params), exposure + bond
        position = self.view.positions[owner.key]
        budget = position.operator_budget - position.operator_exposed
        posted, registered = (
            slot // CHECKPOINT_SLOTS for slot in (job.posted_slot, provider.registered_slot)
        )
        checks = {
            "Unauthorized": operator is not None and operator.key != position.operator,
            "JobNotPosted": job.state != JobState.POSTED,
            "AttemptsExhausted": job.attempts >= params.max_attempts,
            "ClaimWindowOver": self.world.slot > job.claim_deadline,
            "ProviderBarred": (ledger.job.address, owner.key) in self.view.exposures,
            "ProviderDraining": bool(provider.draining),
            "RegisteredTooRecently": posted < registered + params.min_registration_windows,
            "QuoteAbovePrice": quote > job.price,
            "InsufficientFreeStake": exposed > self.view.free(owner.key),
            "OperatorBudgetExceeded": operator is not None and exposed > budget,
        }
        return next((refusal for refusal, applies in checks.items() if applies), None)

    def at_stake(self, ledger: JobLedger) -> tuple[int, int]:
        """Returns a lease's exposure and bond: they follow from the offer, whoever claims it."""
        params, offer = ledger.parameters.job_registry, ledger.job.offer
        offered = offer.price + offer.urgency
        exposure = max(offered * params.kappa, params.min_exposure)
        return exposure, -(-offered * params.bond_bps // BPS)

    def open_verdict(self, ledger: JobLedger) -> None:
        """Anybody may open the verdict, and a leaseholder may then commit nothing."""
        owner = self.by_key[self.job(ledger).lease.provider]
        known = ledger.job.address in self.view.verdicts
        self.attempt(
            "AccountAlreadyInUse" if known else None,
            verdict.open_verdict(payer=owner.key, job=ledger.job.address),
            signers=[owner],
        )

    def commit(self, ledger: JobLedger, last: int, *, restart: bool = False) -> None:
        """Commits up to operator `last`, at least one, from the job's progress or from 0."""
        job = self.job(ledger)
        owner = self.by_key[job.lease.provider]
        signer = self.operator_of(owner) or owner
        first = 0 if restart else job.progress
        last = max(first + 1, last)
        opening = []
        if ledger.job.address not in self.view.verdicts:
            opening = [verdict.open_verdict(payer=signer.key, job=ledger.job.address)]
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
                signer=signer.key,
                job=ledger.job.address,
                graph=self.graph_address,
                provider=job_registry.provider_address(owner.key),
                position=staking.position_address(owner.key),
                terms=self.terms(ledger),
            ),
            signers=[signer],
        )
        if not late:
            macs = sum(each.multiply_adds for each in self.graph.descriptors[first:last])
            ledger.commit(CommittedStage(owner.key, first, last, macs, job.lease.price))

    def expire_lease(self, ledger: JobLedger) -> None:
        lease, fees = self.job(ledger).lease, escrow.fees_address(shard_of(ledger.job.address))
        early = self.world.slot <= lease.expires_slot
        exposure = self.view.exposures.get((ledger.job.address, lease.provider))
        self.attempt(
            "LeaseRunning" if early else None,
            job_registry.expire_lease(
                terms=self.terms(ledger),
                job=ledger.job.address,
                provider=job_registry.provider_address(lease.provider),
                escrow_config=escrow.config_address(),
                fee_vault=fees,
                position=staking.position_address(lease.provider),
                exposure=staking.exposure_address(ledger.job.address, lease.provider),
                payer=lease.provider if exposure is None else exposure.payer,
            ),
        )
        if exposure is not None and not early:
            self.lose(exposure, lease.bond)
            self.book.move(staking.stake_vault_address(), fees, lease.bond)
            self.reached["lapsed"] += 1

    def expire_job(self, ledger: JobLedger, cranker: Actor) -> None:
        job, params = self.job(ledger), ledger.parameters.job_registry
        over = self.world.slot > job.claim_deadline or job.attempts >= params.max_attempts
        refusal = None if over else "ClaimWindowOpen"
        if job.state != JobState.POSTED:
            refusal = "JobNotPosted"
        self.attempt(
            refusal,
            job_registry.expire_job(
                cranker=cranker.key, terms=self.terms(ledger), job=ledger.job.address
            ),
            signers=[cranker],
        )
        if refusal is None and job.progress == 0:
            ledger.refund(cranker.key)
            self.reached["expired"] += 1
