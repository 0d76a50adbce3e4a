"""Everything that a role can decide to do about a job, and the chores of an epoch."""

from dataclasses import dataclass
from typing import ClassVar

from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Action


@dataclass(frozen=True, slots=True)
class JobAction(Action):
    """An action about one job."""

    job: Pubkey

    @property
    def subject(self) -> Pubkey:
        """The job."""
        return self.job


@dataclass(frozen=True, slots=True)
class Claim(JobAction):
    """Take a posted job on."""

    kind: ClassVar[str] = "claim"


@dataclass(frozen=True, slots=True)
class OpenVerdict(JobAction):
    """Create the account that stages are committed to."""

    kind: ClassVar[str] = "open-verdict"


@dataclass(frozen=True, slots=True)
class FetchWorkload(JobAction):
    """Reserve room for a job, and fetch and check its graph and inputs."""

    kind: ClassVar[str] = "fetch-workload"
    in_background: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Execute(JobAction):
    """Run operators first..last - 1 and keep their outputs."""

    kind: ClassVar[str] = "execute"
    in_background: ClassVar[bool] = True
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CommitStage(JobAction):
    """Commit operators first..last - 1 under a trace root."""

    kind: ClassVar[str] = "commit-stage"
    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Check(JobAction):
    """Verify the committed trace and keep a ballot for the drawn seat."""

    kind: ClassVar[str] = "check"
    in_background: ClassVar[bool] = True
    ballot: int


@dataclass(frozen=True, slots=True)
class CastBallot(JobAction):
    """Commit to the kept ballot."""

    kind: ClassVar[str] = "cast-ballot"
    ballot: int


@dataclass(frozen=True, slots=True)
class DeclineBallot(JobAction):
    """Stand aside from a ballot for which no collateral is left."""

    kind: ClassVar[str] = "decline-ballot"
    ballot: int


@dataclass(frozen=True, slots=True)
class ReportSilent(JobAction):
    """Have a drawn verifier fined that neither cast nor declined its ballot."""

    kind: ClassVar[str] = "report-silent"
    ballot: int


@dataclass(frozen=True, slots=True)
class RevealBallot(JobAction):
    """Open the kept ballot."""

    kind: ClassVar[str] = "reveal-ballot"
    ballot: int


@dataclass(frozen=True, slots=True)
class ProveFraud(JobAction):
    """Prove wrong what the verifier's own ballot rejects."""

    kind: ClassVar[str] = "prove-fraud"
    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class AnswerQuestion(JobAction):
    """Show an element of data that a majority missed."""

    kind: ClassVar[str] = "answer-question"
    question: int
    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class Draw(JobAction):
    """Draw verifiers; `with_salt` adds the buyer's salt."""

    kind: ClassVar[str] = "draw"
    with_salt: bool


@dataclass(frozen=True, slots=True)
class Tally(JobAction):
    """Count the ballots."""

    kind: ClassVar[str] = "tally"


@dataclass(frozen=True, slots=True)
class Settle(JobAction):
    """Credit everybody whom the escrow owes."""

    kind: ClassVar[str] = "settle"


@dataclass(frozen=True, slots=True)
class VoidAttempt(JobAction):
    """End a job unpaid."""

    kind: ClassVar[str] = "void-attempt"


@dataclass(frozen=True, slots=True)
class DemandAnswers(JobAction):
    """Ask the providers for the data of a result that is about to be paid for."""

    kind: ClassVar[str] = "demand-answers"


@dataclass(frozen=True, slots=True)
class ExpireAnswers(JobAction):
    """Report that a provider left a question about its data unanswered."""

    kind: ClassVar[str] = "expire-answers"


@dataclass(frozen=True, slots=True)
class SlashProvider(JobAction):
    """Take the exposure of the provider that a proof or a missing answer convicted."""

    kind: ClassVar[str] = "slash-provider"


@dataclass(frozen=True, slots=True)
class SlashBallot(JobAction):
    """Take the exposure of a verifier that accepted what was proven wrong."""

    kind: ClassVar[str] = "slash-ballot"
    ballot: int


@dataclass(frozen=True, slots=True)
class AdoptPartial(JobAction):
    """Put a partial result before the verdict."""

    kind: ClassVar[str] = "adopt-partial"


@dataclass(frozen=True, slots=True)
class Cancel(JobAction):
    """Take a posted job back."""

    kind: ClassVar[str] = "cancel"


@dataclass(frozen=True, slots=True)
class ExpireJob(JobAction):
    """End a job that nobody claimed in time."""

    kind: ClassVar[str] = "expire-job"


@dataclass(frozen=True, slots=True)
class ExpireLease(JobAction):
    """End the lease of a silent provider."""

    kind: ClassVar[str] = "expire-lease"


@dataclass(frozen=True, slots=True)
class ReleaseExposure(JobAction):
    """Free the stake that a claim locked."""

    kind: ClassVar[str] = "release-exposure"
    owner: Pubkey


@dataclass(frozen=True, slots=True)
class ReleaseBallot(JobAction):
    """Free the stake that a ballot locked, or take the fee of a silent verifier."""

    kind: ClassVar[str] = "release-ballot"
    ballot: int


@dataclass(frozen=True, slots=True)
class Withdraw(JobAction):
    """Pay out one credit."""

    kind: ClassVar[str] = "withdraw"
    credit: int


@dataclass(frozen=True, slots=True)
class CollectFee(JobAction):
    """Move the job's fee to its fee vault."""

    kind: ClassVar[str] = "collect-fee"


@dataclass(frozen=True, slots=True)
class ReclaimEscrow(JobAction):
    """Returns what nobody is owed to the buyer."""

    kind: ClassVar[str] = "reclaim-escrow"


@dataclass(frozen=True, slots=True)
class CloseVerdict(JobAction):
    """Returns the verdict's rent."""

    kind: ClassVar[str] = "close-verdict"


@dataclass(frozen=True, slots=True)
class ReclaimJob(JobAction):
    """Returns the job's rent."""

    kind: ClassVar[str] = "reclaim-job"


@dataclass(frozen=True, slots=True)
class TakeSnapshot(Action):
    """Copy the verifiers' weights for an epoch."""

    kind: ClassVar[str] = "take-snapshot"
    epoch: int


@dataclass(frozen=True, slots=True)
class EvictSeat(Action):
    """Vacate a seat whose collateral has fallen too low."""

    kind: ClassVar[str] = "evict-seat"
    seat: int
    owner: Pubkey


@dataclass(frozen=True, slots=True)
class CloseSeat(Action):
    """Close a vacated seat, or hand it over to its heir."""

    kind: ClassVar[str] = "close-seat"
    seat: int
    owner: Pubkey
    heir: Pubkey


@dataclass(frozen=True, slots=True)
class ApplyTerms(Action):
    """Make queued terms the current ones."""

    kind: ClassVar[str] = "apply-terms"
    version: int


@dataclass(frozen=True, slots=True)
class ApplyAuthority(Action):
    """Complete a handover of the authority that was queued for a slot."""

    kind: ClassVar[str] = "apply-authority"
    slot: int


@dataclass(frozen=True, slots=True)
class RollMarket(Action):
    """Bring the market's demand up to an epoch."""

    kind: ClassVar[str] = "roll-market"
    epoch: int


@dataclass(frozen=True, slots=True)
class EmitRewards(Action):
    """Move due emission into the reward stream."""

    kind: ClassVar[str] = "emit-rewards"
    epoch: int


@dataclass(frozen=True, slots=True)
class SweepFees(Action):
    """Split a fee vault between stakers, treasury and burn."""

    kind: ClassVar[str] = "sweep-fees"
    shard: int
