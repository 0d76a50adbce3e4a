"""Steps of challengers and of questioned providers, and the end of a verdict."""

from itertools import accumulate

from solders.pubkey import Pubkey

from keeper.exact.decisions.questions import question, question_seed, seed_slot
from keeper.lab.market.challenge import Challenge, slash_ballot, slash_provider
from keeper.lab.market.judgement import loss_destination
from neurolov_client import escrow, job_registry, shard_of, staking, verdict
from neurolov_client.bindings.job_registry import BPS
from neurolov_client.bindings.verdict import QUESTIONS, Choice, Outcome, State
from tests.invariants.economy import committed
from tests.invariants.judgement import JudgementSteps
from tests.invariants.ledger import PAYING, JobLedger
from tests.kernels.evidence.committed import Committed
from tests.world import Actor

_FIRST_ANSWER = 3
"""Slots from the tally to the first in which a question can be known."""


class DisputeSteps(JudgementSteps):
    """Each step predicts from the view whether it is allowed, and books what it moves."""

    def trace(self, ledger: JobLedger) -> Committed:
        """Returns what was committed for the job."""
        return committed(ledger.lie, ledger.ranges)

    def challenge(self, ledger: JobLedger) -> None:
        """Stages evidence against the element that may be wrong, and has it judged."""
        operator = ledger.lie or 0
        found = self.verdict(ledger)
        if found.state == State.COMMITTING or operator >= ledger.stages[-1].last:
            return
        proof = self._shown(ledger, self.challenger, operator, 0)
        if not self.world.exists(proof.ticket):
            proof.prepare(self.world)
            self.forget()
        refusal = self._proof_refusal(ledger)
        self.attempt(refusal, proof.prove(), signers=[self.challenger])
        if refusal is None:
            self.reached["proven"] += 1

    def _proof_refusal(self, ledger: JobLedger) -> str | None:
        found = self.verdict(ledger)
        outcome, waiting = Outcome(found.outcome), found.state in {State.DISPUTED, State.DECIDED}
        missed = outcome is Outcome.UNAVAILABLE
        unpaid = found.state == State.DECIDED and outcome not in PAYING and not missed
        waiting = waiting and not missed
        checks = {
            "AlreadyProven": outcome is Outcome.FRAUD,
            "WrongState": found.state == State.SETTLED,
            "ChallengeClosed": unpaid or (waiting and self.world.slot > found.window_end),
            "ElementIsRight": ledger.lie is None,
        }
        return next((refusal for refusal, applies in checks.items() if applies), None)

    def _shown(self, ledger: JobLedger, owner: Actor, operator: int, element: int) -> Challenge:
        evidence = self.trace(ledger).witness.stage(operator, element)
        return Challenge(owner, ledger.job, operator, element, evidence)

    def answer(self, ledger: JobLedger, count: int) -> None:
        """Once the questions are known, the last provider answers the first `count` of them."""
        found = self.verdict(ledger)
        if found.state != State.ANSWERING:
            return
        known = found.availability.asked_slot + _FIRST_ANSWER
        if self.world.slot < known:
            self.world.warp_to(known)
        for index in range(min(count, QUESTIONS)):
            if not self.verdict(ledger).availability.answered >> index & 1:
                self._answer(ledger, index)

    def _answer(self, ledger: JobLedger, index: int) -> None:
        operator, element = self._question(ledger, index)
        owner = self.by_key[ledger.stages[-1].provider]
        shown = self._shown(ledger, owner, operator, element)
        if not self.world.exists(shown.buffer):
            shown.prepare(self.world, ticket=False)
        trace = self.trace(ledger)
        refusal = None
        if self.world.slot > self.verdict(ledger).availability.deadline:
            refusal = "AnswersClosed"
        elif trace.expected(operator, element) != trace.committed(operator, element):
            refusal = "ElementIsWrong"
        self.attempt(refusal, shown.answer(index, self.terms(ledger)), signers=[owner])
        if refusal is None:
            self.reached["answered"] += 1

    def _question(self, ledger: JobLedger, index: int) -> tuple[int, int]:
        asked = self.verdict(ledger).availability
        seed = asked.seed
        if not any(seed):
            slot = seed_slot(asked.asked_slot, self.world.slot)
            hashes = self.world.bank.slot_hashes()
            beacon = min(each for each in hashes if each[0] >= slot)[1]
            seed = question_seed(bytes(beacon), ledger.job.address)
        outputs = [(each.shape, each.dtype) for each in self.graph.outputs]
        work = list(accumulate(each.multiply_adds for each in self.graph.descriptors))
        return question(seed, index, outputs[: ledger.stages[-1].last], work)

    def _withholder(self, ledger: JobLedger) -> Pubkey:
        answered = self.verdict(ledger).availability.answered
        silent = next(n for n in range(QUESTIONS) if not answered >> n & 1)
        return ledger.provider_of(self._question(ledger, silent)[0])

    def expire_answers(self, ledger: JobLedger, payer: Actor) -> None:
        """Reports that the providers did not answer."""
        found = self.verdict(ledger)
        checks = {
            "WrongState": found.state != State.ANSWERING,
            "AnswersOpen": self.world.slot <= found.availability.deadline,
        }
        refusal = next((refusal for refusal, applies in checks.items() if applies), None)
        report = verdict.expire_answers(
            payer=payer.key, job=ledger.job.address, graph=self.graph_address
        )
        self.attempt(refusal, report, signers=[payer])
        if refusal is None:
            blamed = self.verdict(ledger).stages[self.verdict(ledger).fraud.stage].provider
            assert blamed == self._withholder(ledger)

    def slash_provider(self, ledger: JobLedger) -> None:
        """Takes the liar's exposure, once, when no trap can be opened any more."""
        found = self.verdict(ledger)
        convict = found.stages[found.fraud.stage].provider
        checks = {
            "AlreadySlashed": found.fraud.slashed,
            "TrapOpen": self.world.slot <= self.trap_deadline(ledger),
        }
        refusal = next((refusal for refusal, applies in checks.items() if applies), None)
        exposure = self.view.exposures[ledger.job.address, convict]
        amount = exposure.amount
        self.attempt(refusal, slash_provider(self.world, ledger.job, convict))
        if refusal is None:
            proven = found.outcome == Outcome.FRAUD
            self.lose(exposure, amount)
            paid = self._slashed(amount, ledger, in_job=proven)
            if proven:
                assert convict == ledger.provider_of(ledger.lie or 0)
                ledger.bounty = paid * ledger.parameters.verdict.bounty_bps // BPS

    def trap_deadline(self, ledger: JobLedger) -> int:
        """Returns the last slot in which a proven lie may turn out to be a trap."""
        return self.verdict(ledger).window_end + ledger.parameters.verdict.trap_slots

    def slash_ballot(self, ledger: JobLedger, number: int) -> None:
        """Takes the exposure of a verifier that accepted a lie, once."""
        ballot, found = ledger.ballots[number], self.verdict(ledger)
        checks = {
            "NotProven": found.outcome != Outcome.FRAUD,
            "NotAnAcceptance": not ballot.revealed or ballot.choice is not Choice.ACCEPT,
            "AlreadySlashed": ballot.slashed,
        }
        refusal = next((refusal for refusal, applies in checks.items() if applies), None)
        exposure = self.view.exposures[ledger.job.address, ballot.verifier]
        amount = exposure.amount
        self.attempt(refusal, slash_ballot(self.world, ledger.job, number, ballot.verifier))
        if refusal is None:
            ballot.slashed = True
            self.lose(exposure, amount)
            self._slashed(amount, ledger, in_job=False)

    def _slashed(self, amount: int, ledger: JobLedger, *, in_job: bool) -> int:
        burned = -(-amount * ledger.parameters.staking.slash_burn_bps // BPS)
        stake, fees = (
            staking.stake_vault_address(),
            escrow.fees_address(shard_of(ledger.job.address)),
        )
        self.book.burn(stake, burned)
        self.book.move(stake, self.vault_of(ledger) if in_job else fees, amount - burned)
        return amount - burned

    def settle(self, ledger: JobLedger, cranker: Actor) -> None:
        found = self.verdict(ledger)
        disputed = found.state == State.DISPUTED
        outcome = Outcome.UNPROVEN if disputed else Outcome(found.outcome)
        refusal = None
        if not disputed and found.state != State.DECIDED:
            refusal = "WrongState"
        elif outcome not in PAYING:
            refusal = "NotPayable"
        elif self.world.slot <= found.window_end:
            refusal = "WindowOpen"
        self.attempt(
            refusal,
            verdict.settle(
                cranker=cranker.key,
                job=ledger.job.address,
                provider=job_registry.provider_address(self.job(ledger).lease.provider),
                utilisation=job_registry.utilisation_address(shard_of(ledger.job.address)),
                terms=self.terms(ledger),
            ),
            signers=[cranker],
        )
        self._stepped(refusal, ledger, cranker, outcome.name.lower())
        if refusal is None:
            ledger.conclude(outcome, self.graph.multiply_adds)

    def void(self, ledger: JobLedger, cranker: Actor) -> None:
        """Voids the job, where there is a stage to blame and so an exposure to name."""
        if not ledger.stages:
            return
        refusal = self._void_refusal(ledger)
        found = self.verdict(ledger)
        outcome = Outcome(found.outcome)
        blamed, forfeited = ledger.stages[-1].provider, False
        if refusal is None and outcome is Outcome.FRAUD:
            blamed, forfeited = ledger.provider_of(ledger.lie or 0), True
        elif refusal is None and outcome is Outcome.WITHHELD:
            blamed, forfeited = self._withholder(ledger), True
        exposure = self.view.exposures.get((ledger.job.address, blamed))
        if exposure is None:
            return
        self.attempt(
            refusal,
            verdict.void(
                cranker=cranker.key,
                job=ledger.job.address,
                provider=job_registry.provider_address(blamed),
                utilisation=job_registry.utilisation_address(shard_of(ledger.job.address)),
                terms=self.terms(ledger),
                escrow_config=escrow.config_address(),
                destination=loss_destination(self.world, ledger.job),
                position=staking.position_address(blamed),
                exposure=staking.exposure_address(ledger.job.address, blamed),
            ),
            signers=[cranker],
        )
        self._stepped(refusal, ledger, cranker, outcome.name.lower())
        if refusal is None:
            if forfeited:
                self.lose(exposure, exposure.bond)
                lost_to = self.vault_of(ledger)
                if outcome is Outcome.WITHHELD:
                    lost_to = escrow.fees_address(shard_of(ledger.job.address))
                self.book.move(staking.stake_vault_address(), lost_to, exposure.bond)
                self.reached["bond lost"] += 1
            challenger = self.challenger.key if outcome is Outcome.FRAUD else None
            ledger.conclude(outcome, self.graph.multiply_adds, challenger)

    def _void_refusal(self, ledger: JobLedger) -> str | None:
        found = self.verdict(ledger)
        outcome = Outcome(found.outcome)
        slashes = outcome in {Outcome.FRAUD, Outcome.WITHHELD}
        checks = {
            "WrongState": found.state != State.DECIDED,
            "NotVoidable": outcome in PAYING,
            "ProviderUnslashed": slashes and not found.fraud.slashed,
        }
        return next((refusal for refusal, applies in checks.items() if applies), None)
