"""What the chain says about a job, as far as a decision needs it. All times are slots."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from solders.pubkey import Pubkey


class JobState(IntEnum):
    """Job.state of the registry."""

    POSTED = 0
    CLAIMED = 1
    COMMITTED = 2
    SETTLED = 3
    CANCELLED = 4
    EXPIRED = 5
    VOIDED = 6

    @property
    def ended(self) -> bool:
        """Whether nothing but collecting is left to do."""
        return self >= JobState.SETTLED


class VerdictState(IntEnum):
    """Verdict.state: DISPUTED waits for a proof, ANSWERING for a provider to show its data."""

    COMMITTING = 0
    COMMITTED = 1
    BALLOTING = 2
    DISPUTED = 3
    DECIDED = 4
    SETTLED = 5
    ANSWERING = 6


class Outcome(IntEnum):
    """Verdict.outcome."""

    NONE = 0
    ACCEPTED = 1
    UNAVAILABLE = 3
    UNVERIFIED = 4
    UNSAMPLED = 5
    FRAUD = 6
    UNPROVEN = 7
    TRAP = 8
    WITHHELD = 9

    @property
    def voids(self) -> bool:
        """Whether the attempt goes unpaid."""
        return self is Outcome.UNAVAILABLE or self.convicts

    @property
    def convicts(self) -> bool:
        """Whether one stage's provider is to blame."""
        return self.proven or self is Outcome.WITHHELD

    @property
    def slashes_provider(self) -> bool:
        """Whether a provider loses what it staked: by a proof, or for data not shown in time."""
        return self in (Outcome.FRAUD, Outcome.WITHHELD)

    @property
    def proven(self) -> bool:
        """Whether a committed element was proven wrong, on the buyer's order or not."""
        return self in (Outcome.FRAUD, Outcome.TRAP)


class BallotState(IntEnum):
    """State of one drawn ballot."""

    DRAWN = 0
    CAST = 1
    REVEALED = 2
    RELEASED = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """A provider's hold on a job; it ends after expires_slot unless a stage is committed."""

    provider: Pubkey
    claimed_slot: int
    expires_slot: int
    cap_slot: int
    price: int


@dataclass(frozen=True, slots=True)
class Job:
    """A posted job. Amounts are base units; score is Q32."""

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
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class Stage:
    """Operators first..last - 1, committed by one provider under one trace root."""

    provider: Pubkey
    root: bytes
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DrawnBallot:
    """One drawn seat; verifier is known once it has cast, what it found once revealed.

    rejected are operator and element.
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
    """Questions to the providers of data that a majority, or the buyer, missed.

    seed is None until the chain has learned it; bit i of answered is set once question i has been
    answered.
    """

    seed: bytes | None
    asked_slot: int
    deadline: int
    answered: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The proof side of a job. committed_slot is the base of the next draw.

    A proof, or a missing answer, convicts one stage's provider; slashed tells whether it has lost
    its exposure. availability is None unless the data was missed.
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
    convicted: Pubkey | None = None
    slashed: bool = False
    availability: Availability | None = None

    @property
    def latest_draw(self) -> tuple[DrawnBallot, ...]:
        """The ballots that may still change: only those of the latest draw."""
        return tuple(ballot for ballot in self.ballots if ballot.draw == self.draws)

    @property
    def blamed(self) -> Pubkey | None:
        """Who answers for a void: the convicted, or the provider of the last stage."""
        if self.convicted is not None:
            return self.convicted
        return self.stages[-1].provider if self.stages else None

    def provider_of(self, operator: int) -> Pubkey | None:
        """Who committed an operator's output."""
        for stage in self.stages:
            if stage.first <= operator < stage.last:
                return stage.provider
        return None

    def owes_slash(self, ballot: DrawnBallot) -> bool:
        """Whether it accepted what was proven wrong and still holds its exposure."""
        revealed = ballot.state is BallotState.REVEALED and ballot.accepted
        return self.outcome.proven and revealed and not ballot.slashed

    def is_challengeable(self, slot: int) -> bool:
        """Whether a proof of fraud is still judged at the slot."""
        match self.state:
            case VerdictState.COMMITTED | VerdictState.BALLOTING | VerdictState.ANSWERING:
                return True
            case VerdictState.DISPUTED:
                return slot <= self.window_end
            case VerdictState.DECIDED if self.outcome is Outcome.UNAVAILABLE:
                return True
            case VerdictState.DECIDED:
                return not self.outcome.voids and slot <= self.window_end
            case _:
                return False

    def may_demand(self, slot: int) -> bool:
        """Whether the buyer may still ask for the data."""
        waiting = self.state is VerdictState.DISPUTED or (
            self.state is VerdictState.DECIDED and not self.outcome.voids
        )
        return waiting and self.availability is None and slot <= self.window_end

    def ballots_closed(self, slot: int) -> bool:
        """Whether no ballot can change any more."""
        casting_over = slot > self.ballot_deadline
        return slot > self.reveal_deadline or all(
            ballot.state is BallotState.REVEALED
            or (casting_over and ballot.state is BallotState.DRAWN)
            for ballot in self.latest_draw
        )


@dataclass(frozen=True, slots=True)
class Credit:
    """What escrow owes a party."""

    party: Pubkey
    amount: int
    paid: bool


@dataclass(frozen=True, slots=True)
class Escrow:
    """The money side of a job; balance is its vault's."""

    final: bool
    credits: tuple[Credit, ...]
    fee_due: int
    balance: int

    @property
    def outstanding(self) -> int:
        """Base units that belong to parties or to the fee vault."""
        return self.fee_due + sum(credit.amount for credit in self.credits if not credit.paid)

    def unpaid_to(self, party: Pubkey) -> Iterator[int]:
        """Indexes of the credits that a party can still pull."""
        for index, credit in enumerate(self.credits):
            if credit.party == party and not credit.paid and credit.amount:
                yield index


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job with what hangs on it.

    exposed are the owners whose exposure to the job still exists; version differs after every
    change.
    """

    job: Job
    verdict: Verdict | None
    escrow: Escrow | None
    exposed: frozenset[Pubkey] = frozenset()
    version: str = ""

    @property
    def address(self) -> Pubkey:
        """The job's."""
        return self.job.address


@dataclass(frozen=True, slots=True)
class Clock:
    """The slot a decision is made for: the one that the transaction is expected to land in."""

    slot: int
