"""Steps of verifiers, and of crankers who move a verdict on."""

from collections.abc import Sequence

from idl.client import staking, verdict
from idl.client.bindings.job_registry import JobState
from idl.client.bindings.staking import HELD
from idl.client.bindings.verdict import DRAW_DELAY, BallotState, Choice, State
from keeper.lab.market import judgement as judge
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
            due += self.world.parameters.verdict.salt_slots
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
            if choice is not None and number not in ledger.ballots:
                self._cast(ledger, number, choice, operator)

    def _cast(self, ledger: JobLedger, number: int, choice: Choice, operator: int) -> None:
        named = operator % ledger.stages[-1].last if choice is Choice.REJECT else 0
        seat = self.verdict(ledger).ballots[number].seat
        held = self.view.seats.get(seat)
        if held is None:
            return
        owner = self.by_key[held.owner]
        refusal = self._cast_refusal(ledger, number, owner, held)
        self.attempt(
            refusal,
            verdict.cast_ballot(
                ballot=number,
                commitment=judge.commitment(owner, ledger.job, choice, operator=named),
                owner=owner.key,
                job=ledger.job.address,
                seat=staking.seat_address(seat),
            ),
            signers=[owner],
        )
        if refusal is None:
            ledger.ballots[number] = CastBallot(
                owner.key, choice, named, self.world.parameters.verdict.silence_fee
            )

    def _cast_refusal(
        self, ledger: JobLedger, number: int, owner: Actor, seat: staking.Seat
    ) -> str | None:
        found, params = self.verdict(ledger), self.world.parameters.verdict
        parties = {ledger.job.buyer.key, *(stage.provider for stage in ledger.stages)}
        held = seat.vacated_epoch == HELD and seat.taken_epoch <= found.snapshot_epoch
        late = found.ballots[number].draw != found.draws or self.world.slot > found.ballot_deadline
        exposed = params.ballot_exposure + params.silence_fee
        checks = {
            "SeatMismatch": not held,
            "WrongState": found.state != State.BALLOTING,
            "PartyToJob": owner.key in parties,
            "CastingClosed": late,
            "AccountAlreadyInUse": (ledger.job.address, owner.key) in self.view.exposures,
            "InsufficientFreeStake": exposed > self.view.free(owner.key),
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
                owner=owner.key,
                verdict=verdict.verdict_address(ledger.job.address),
            ),
            signers=[owner],
        )
        ballot.revealed = refusal is None

    def tally(self, ledger: JobLedger, cranker: Actor) -> None:
        found = self.verdict(ledger)
        latest = [each for each in found.ballots[: found.ballot_count] if each.draw == found.draws]
        casting_over = self.world.slot > found.ballot_deadline
        fixed = all(
            each.state == BallotState.REVEALED or (casting_over and each.state == BallotState.DRAWN)
            for each in latest
        )
        refusal = None
        if found.state != State.BALLOTING:
            refusal = "WrongState"
        elif not (fixed or self.world.slot > found.reveal_deadline):
            refusal = "TallyTooEarly"
        self.attempt(
            refusal,
            verdict.tally(cranker=cranker.key, verdict=verdict.verdict_address(ledger.job.address)),
            signers=[cranker],
        )
        self._stepped(refusal, ledger, cranker, "tallied")

    def _stepped(
        self, refusal: str | None, ledger: JobLedger, cranker: Actor, reached: str
    ) -> None:
        if refusal is None:
            ledger.steps[cranker.key] += 1
            self.reached[reached] += 1
