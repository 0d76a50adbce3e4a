"""What the chain says about a job, as far as a decision needs it. All times are slots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.node.decisions.escrow import Escrow
from neurolov_client.bindings.staking import Parameters


def convicts(outcome: Outcome) -> bool:
    """Returns whether the outcome blames the provider of one stage."""
    return is_proven(outcome) or outcome is Outcome.WITHHELD


def is_proven(outcome: Outcome) -> bool:
    """Returns whether a committed element was proven wrong, on the buyer's order or not."""
    return outcome in (Outcome.FRAUD, Outcome.TRAP)


def slashes_provider(outcome: Outcome) -> bool:
    """Returns whether a provider loses its exposure: by a proof, or for data not shown in time."""
    return outcome in (Outcome.FRAUD, Outcome.WITHHELD)


def voids(outcome: Outcome) -> bool:
    """Returns whether the attempt goes unpaid."""
    return outcome is Outcome.UNAVAILABLE or convicts(outcome)


@dataclass(frozen=True, slots=True)
class Lease:
    """A provider's hold on a job; it ends after `expires_slot` unless a stage is committed."""

    provider: Pubkey
    claimed_slot: int
    expires_slot: int
    cap_slot: int
    price: int


@dataclass(frozen=True, slots=True)
class Job:
    """A posted job. Amounts are base units, the score is Q32.

    `terms` is the version of the terms that it keeps.
    """

    address: Pubkey
    buyer: Pubkey
    graph: Pubkey
    spec_root: bytes
    manifest: bytes
    source: str
    input_root: bytes
    macs: int
    operators: int
    state: JobState
    attempts: int
    progress: int
    price: int
    urgency: int
    posted_slot: int
    claim_deadline: int
    score_q32: int
    terms: int
    lease: Lease | None

    @property
    def offered(self) -> int:
        """What the buyer offers for the work, in base units: the highest price and the premium."""
        return self.price + self.urgency

    @property
    def ended(self) -> bool:
        """Whether nothing but collecting is left to do."""
        return self.state >= JobState.SETTLED


@dataclass(frozen=True, slots=True)
class Stage:
    """Operators first..last - 1, committed by one provider under one trace root."""

    provider: Pubkey
    root: bytes
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DrawnBallot:
    """One drawn seat.

    `verifier` is known once it has cast, what it found once it has revealed. `rejected` is the
    operator and the element.
    """

    index: int
    seat: int
    draw: int
    state: BallotState
    verifier: Pubkey | None
    rejected: tuple[int, int] | None = None
    accepted: bool = False
    missed: bool = False
    slashed: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """The questions to providers whose data a majority of verifiers, or the buyer, missed.

    `seed` is None until the chain has learned it. Bit i of `answered` is set once question i has
    been answered.
    """

    seed: bytes | None
    asked_slot: int
    deadline: int
    answered: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The proof side of a job.

    `committed_slot` is the base of the next draw. `snapshot_epochs` has, for each draw, the epoch
    of the snapshot that it drew from. A proof, or a missing answer, convicts the provider of one
    stage; `slashed` says whether it has lost its exposure. `availability` is None unless the data
    were missed.
    """

    state: VerdictState
    outcome: Outcome
    committed_slot: int
    draws: int
    salt_known: bool
    ballot_deadline: int
    reveal_deadline: int
    window_end: int
    stages: tuple[Stage, ...]
    ballots: tuple[DrawnBallot, ...]
    payer: Pubkey
    snapshot_epochs: tuple[int, ...] = ()
    convicted: Pubkey | None = None
    slashed: bool = False
    availability: Availability | None = None

    @property
    def latest_draw(self) -> tuple[DrawnBallot, ...]:
        """The ballots that may still change: those of the latest draw."""
        return tuple(ballot for ballot in self.ballots if ballot.draw == self.draws)

    @property
    def blamed(self) -> Pubkey | None:
        """The provider that answers for a void: the convicted one, or that of the last stage."""
        if self.convicted is not None:
            return self.convicted
        return self.stages[-1].provider if self.stages else None

    def provider_of(self, operator: int) -> Pubkey | None:
        """Returns the provider that committed an operator's output, None where none did."""
        for stage in self.stages:
            if stage.first <= operator < stage.last:
                return stage.provider
        return None

    def owes_slash(self, ballot: DrawnBallot) -> bool:
        """Returns whether a verifier accepted what was proven wrong and still has its exposure."""
        revealed = ballot.state is BallotState.REVEALED and ballot.accepted
        return is_proven(self.outcome) and revealed and not ballot.slashed

    def epoch_of(self, ballot: DrawnBallot) -> int:
        """Returns the epoch of the snapshot that a ballot was drawn from."""
        return self.snapshot_epochs[ballot.draw - 1]

    def kept_silent(self, ballot: DrawnBallot, slot: int) -> bool:
        """Returns whether a drawn verifier let the time for its ballot pass.

        A proof that ended casting early excuses it.
        """
        if ballot.state is not BallotState.DRAWN:
            return False
        if ballot.draw != self.draws:
            return True
        cut_short = is_proven(self.outcome) and self.window_end <= self.ballot_deadline
        return slot > self.ballot_deadline and not cut_short

    def silent(self, slot: int) -> Iterator[int]:
        """Yields the indexes of the ballots whose verifiers are to be reported."""
        for ballot in self.ballots:
            if self.kept_silent(ballot, slot):
                yield ballot.index

    def is_challengeable(self, slot: int) -> bool:
        """Returns whether a proof of fraud is still judged at the slot."""
        match self.state:
            case VerdictState.COMMITTED | VerdictState.BALLOTING | VerdictState.ANSWERING:
                return True
            case VerdictState.DISPUTED:
                return slot <= self.window_end
            case VerdictState.DECIDED if self.outcome is Outcome.UNAVAILABLE:
                return True
            case VerdictState.DECIDED:
                return not voids(self.outcome) and slot <= self.window_end
            case _:
                return False

    def may_demand(self, slot: int) -> bool:
        """Returns whether the buyer may still ask for the data."""
        waiting = self.state is VerdictState.DISPUTED or (
            self.state is VerdictState.DECIDED and not voids(self.outcome)
        )
        return waiting and self.availability is None and slot <= self.window_end

    def ballots_closed(self, slot: int) -> bool:
        """Returns whether no ballot can change any more."""
        casting_over = slot > self.ballot_deadline
        return slot > self.reveal_deadline or all(
            ballot.state is BallotState.REVEALED
            or (casting_over and ballot.state is not BallotState.CAST)
            for ballot in self.latest_draw
        )


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a party has at risk in a job, in base units.

    `amount` is lost with a proven fraud or an unanswered question, `bond` with an expired lease.
    """

    amount: int
    bond: int

    @property
    def total(self) -> int:
        """Base units that the party can lose at most."""
        return self.amount + self.bond


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job with its verdict and escrow, and the parameters of the terms that it keeps.

    `exposed` has the stake of each owner whose exposure to the job still exists. `version` differs
    after every change. `sequences` are the programs and sequence numbers of the accounts behind it.
    """

    job: Job
    verdict: Verdict | None
    escrow: Escrow | None
    parameters: Parameters
    exposed: Mapping[Pubkey, Exposure] = field(default_factory=dict)
    version: str = ""
    sequences: tuple[tuple[str, int], ...] = ()

    @property
    def address(self) -> Pubkey:
        """The job's address."""
        return self.job.address

    @property
    def paid(self) -> int | None:
        """Base units that the buyer has paid so far, None where the escrow is closed."""
        return None if self.escrow is None else self.escrow.paid_by(self.job.buyer)

    def exposure_of(self, owner: Pubkey) -> Exposure:
        """Returns what an owner has at risk, nothing where it is not exposed."""
        return self.exposed.get(owner, Exposure(0, 0))
