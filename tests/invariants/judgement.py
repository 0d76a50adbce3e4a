"""Steps of verifiers, and of crankers who move a verdict on."""

from collections.abc import Sequence

from solders.pubkey import Pubkey

from keeper.lab.market import judgement as judge
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.job_registry import PAID_CRANK_STEPS, JobState
from neurolov_client.bindings.staking import HELD
from neurolov_client.bindings.verdict import DRAW_DELAY, BallotState, Choice, Outcome, State
from tests.invariants.economy import EVEN, ODD
from tests.invariants.ledger import CastBallot, JobLedger
from tests.invariants.market import MarketSteps
from tests.world import Actor


class JudgementSteps(MarketSteps):
    """Each step predicts from the view whether it is allowed, and books what it moves."""

    def verdict(self, ledger: JobLedger) -> verdict.Verdict:
        """Returns the job's verdict."""
        return self.view.verdicts[ledger.job.address]

    def adopt_partial(self, ledger: JobLedger, cranker: Actor) -> None:
        refusal = None
        if self.verdict(ledger).state != State.COMMITTING:
            refusal = "WrongState"
        elif self.job(ledger).state != JobState.COMMITTED:
            refusal = "NothingToAdopt"
        self.attempt(
            refusal,
            verdict.adopt_partial(cranker=cranker.key, job=ledger.job.address),
            signers=[cranker],
        )
        self._stepped(refusal, ledger, cranker, "partial")

    def draw(self, ledger: JobLedger, cranker: Actor, *, salted: bool, wait: bool = True) -> None:
        """Draws as soon as the draw is due; `wait` off tries at once."""
        found = self.verdict(ledger)
        due = found.committed_slot + DRAW_DELAY + 1
        if not (salted or found.salt_known):
            due += ledger.parameters.verdict.salt_slots
        if wait and self.world.slot < due:
            self.world.warp_to(due)
        refusal = None
        if found.state != State.COMMITTED:
            refusal = "WrongState"
        elif self.world.slot < due:
            refusal = "DrawTooEarly"
        self.attempt(
            refusal,
            verdict.draw(
                salt=ledger.job.salt if salted else None,
                cranker=cranker.key,
                verdict=verdict.verdict_address(ledger.job.address),
                terms=self.terms(ledger),
                even=EVEN,
                odd=ODD,
            ),
            signers=[cranker],
        )
        self._stepped(refusal, ledger, cranker, "drawn")

    def cast(self, ledger: JobLedger, choices: Sequence[Choice | None], operator: int) -> None:
        """Every open ballot votes or, without a choice, waits. Rejecters name `operator`."""
        count = self.verdict(ledger).ballot_count
        for number, choice in zip(range(count), choices, strict=False):
            known = number in ledger.ballots or number in ledger.silent
            if choice is not None and not known:
                self._cast(ledger, number, choice, operator)

    def _cast(self, ledger: JobLedger, number: int, choice: Choice, operator: int) -> None:
        named = operator % ledger.stages[-1].last if choice is Choice.REJECT else 0
        seat = self.verdict(ledger).ballots[number].seat
        held = self.view.seats.get(seat)
        if held is None:
            return
        owner = self.by_key[held.owner]
        refusal = self._cast_refusal(ledger, number, owner, held)
        if refusal == "InsufficientCollateral":
            self.decline(ledger, number, owner, held)
            return
        position = self.view.positions[owner.key]
        hot = self.operator_of(owner)
        budget = position.operator_budget - position.operator_exposed
        if refusal is None and hot is not None and budget < self.at_risk(ledger):
            refusal = "OperatorBudgetExceeded"
        self.attempt(
            refusal,
            verdict.cast_ballot(
                ballot=number,
                commitment=judge.commitment(owner, ledger.job, choice, operator=named),
                signer=(hot or owner).key,
                terms=self.terms(ledger),
                job=ledger.job.address,
                seat=staking.seat_address(seat),
                position=staking.position_address(owner.key),
                exposure=staking.exposure_address(ledger.job.address, owner.key),
            ),
            signers=[hot or owner],
        )
        if refusal is None:
            ledger.ballots[number] = CastBallot(
                owner.key, choice, named, ledger.parameters.verdict.silence_fee
            )

    def decline(self, ledger: JobLedger, number: int, owner: Actor, seat: staking.Seat) -> None:
        """A verifier without room stands aside; one with room may not."""
        refusal = self._cast_refusal(ledger, number, owner, seat)
        if self.view.room(owner.key) >= self.at_risk(ledger):
            refusal = "RoomForBallot"
        elif refusal in {"InsufficientCollateral", "AccountAlreadyInUse"}:
            refusal = None
        self.attempt(
            refusal,
            verdict.decline_ballot(
                ballot=number,
                signer=owner.key,
                verdict=verdict.verdict_address(ledger.job.address),
                terms=self.terms(ledger),
                seat=staking.seat_address(seat.index),
                position=staking.position_address(owner.key),
            ),
            signers=[owner],
        )
        if refusal is None:
            ledger.silent.add(number)
            self.reached["declined"] += 1

    def at_risk(self, ledger: JobLedger) -> int:
        """Returns what a ballot of the job locks."""
        params = ledger.parameters.verdict
        return params.ballot_exposure + params.silence_fee

    def report_silent(self, ledger: JobLedger, number: int) -> None:
        """Anybody has a verifier fined that could have cast its ballot and did not."""
        found = self.verdict(ledger)
        ballot = found.ballots[number]
        held = self.view.seats.get(ballot.seat)
        open_still = ballot.draw == found.draws and self.world.slot <= found.ballot_deadline
        refusal = None
        if not self.kept_silent(ledger, number):
            refusal = "NotSilent"
        elif open_still:
            refusal = "CastingOpen"
        fees = escrow.fees_address(shard_of(ledger.job.address))
        fine = self._fine(ledger, number, held)
        self.attempt(
            refusal,
            verdict.report_silent(
                ballot=number,
                verdict=verdict.verdict_address(ledger.job.address),
                terms=self.terms(ledger),
                seat=staking.seat_address(ballot.seat),
                position=None if held is None else staking.position_address(held.owner),
                escrow_config=escrow.config_address(),
                fee_vault=fees,
            ),
        )
        if refusal is not None:
            return
        ledger.silent.add(number)
        self.reached["reported"] += 1
        self.book.move(staking.stake_vault_address(), fees, fine)

    def _fine(self, ledger: JobLedger, number: int, held: staking.Seat | None) -> int:
        """Returns what a report takes from whoever was drawn, if the seat is still its."""
        found = self.verdict(ledger)
        epoch = found.snapshot_epochs[found.ballots[number].draw - 1]
        if held is None or not _may_cast(held, epoch) or held.owner in self.parties(ledger):
            return 0
        return min(ledger.parameters.verdict.silence_fee, self.view.room(held.owner))

    def kept_silent(self, ledger: JobLedger, number: int) -> bool:
        """Returns whether a drawn verifier could have cast, and neither did so nor declined."""
        found = self.verdict(ledger)
        ballot = found.ballots[number]
        proven = found.outcome in {Outcome.FRAUD, Outcome.TRAP}
        cut_short = (
            proven and ballot.draw == found.draws and found.window_end <= found.ballot_deadline
        )
        return ballot.state == BallotState.DRAWN and not cut_short

    def parties(self, ledger: JobLedger) -> set[Pubkey]:
        """Returns the keys of those that may not judge the job."""
        return {ledger.job.buyer.key, *(stage.provider for stage in ledger.stages)}

    def _cast_refusal(
        self, ledger: JobLedger, number: int, owner: Actor, seat: staking.Seat
    ) -> str | None:
        found = self.verdict(ledger)
        draw = found.ballots[number].draw
        late = draw != found.draws or self.world.slot > found.ballot_deadline
        checks = {
            "SeatMismatch": not _may_cast(seat, found.snapshot_epochs[draw - 1]),
            "WrongState": found.state != State.BALLOTING,
            "PartyToJob": owner.key in self.parties(ledger),
            "CastingClosed": late,
            "AccountAlreadyInUse": (ledger.job.address, owner.key) in self.view.exposures,
            "InsufficientCollateral": self.at_risk(ledger) > self.view.room(owner.key),
        }
        return next((refusal for refusal, applies in checks.items() if applies), None)

    def reveal(self, ledger: JobLedger, withheld: frozenset[int]) -> None:
        """Once casting is over, every verifier that cast reveals, unless its ballot is withheld."""
        found = self.verdict(ledger)
        if found.state == State.BALLOTING and self.world.slot <= found.ballot_deadline:
            self.world.warp_to(found.ballot_deadline + 1)
        for number, ballot in ledger.ballots.items():
            if number not in withheld and not ballot.revealed:
                self._reveal(ledger, number, ballot)

    def _reveal(self, ledger: JobLedger, number: int, ballot: CastBallot) -> None:
        found, owner = self.verdict(ledger), self.by_key[ballot.verifier]
        late = found.ballots[number].draw != found.draws or self.world.slot > found.reveal_deadline
        refusal = "RevealClosed" if late else None
        if found.state != State.BALLOTING:
            refusal = "WrongState"
        self.attempt(
            refusal,
            verdict.reveal_ballot(
                ballot=number,
                choice=ballot.choice,
                operator=ballot.operator,
                element=0,
                salt=judge.ballot_salt(owner, ledger.job),
                verdict=verdict.verdict_address(ledger.job.address),
            ),
        )
        ballot.revealed = refusal is None

    def tally(self, ledger: JobLedger, cranker: Actor) -> None:
        found = self.verdict(ledger)
        latest = [each for each in found.ballots[: found.ballot_count] if each.draw == found.draws]
        casting_over = self.world.slot > found.ballot_deadline
        fixed = all(
            each.state == BallotState.REVEALED or (casting_over and each.state != BallotState.CAST)
            for each in latest
        )
        refusal = None
        if found.state != State.BALLOTING:
            refusal = "WrongState"
        elif not (fixed or self.world.slot > found.reveal_deadline):
            refusal = "TallyTooEarly"
        self.attempt(
            refusal,
            verdict.tally(
                cranker=cranker.key,
                verdict=verdict.verdict_address(ledger.job.address),
                terms=self.terms(ledger),
            ),
            signers=[cranker],
        )
        self._stepped(refusal, ledger, cranker, "tallied")

    def _stepped(
        self, refusal: str | None, ledger: JobLedger, cranker: Actor, reached: str
    ) -> None:
        if refusal is None:
            if sum(ledger.steps.values()) < PAID_CRANK_STEPS:
                ledger.steps[cranker.key] += 1
            self.reached[reached] += 1


def _may_cast(seat: staking.Seat, epoch: int) -> bool:
    """Returns whether the seat's holder is the one that the snapshot of `epoch` shows."""
    still = seat.vacated_epoch == HELD or epoch <= seat.vacated_epoch
    return seat.taken_epoch <= epoch and still
