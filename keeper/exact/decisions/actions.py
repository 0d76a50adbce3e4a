"""Everything a role can decide to do next."""

from dataclasses import dataclass

from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before a slot, or before the chain changes when until is None."""

    until: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Take a posted job on."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class OpenVerdict:
    """Create the account that stages are committed to."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class Execute:
    """Run operators first..last - 1 and keep their outputs."""

    job: Pubkey
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CommitStage:
    """Commit operators first..last - 1 under a trace root."""

    job: Pubkey
    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Check:
    """Verify the committed trace and keep a ballot for that seat."""

    job: Pubkey
    ballot: int


@dataclass(frozen=True, slots=True)
class CastBallot:
    """Commit to the kept ballot."""

    job: Pubkey
    ballot: int


@dataclass(frozen=True, slots=True)
class RevealBallot:
    """Open the kept ballot."""

    job: Pubkey
    ballot: int


@dataclass(frozen=True, slots=True)
class ProveFraud:
    """Prove wrong what the own ballot rejects."""

    job: Pubkey
    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """Show an element of data that a majority missed."""

    job: Pubkey
    question: int
    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class Draw:
    """Draw verifiers, with the buyer's salt when with_salt."""

    job: Pubkey
    with_salt: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Count the ballots."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class Settle:
    """Credit everybody who is owed."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class VoidAttempt:
    """End a job unpaid."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class DemandAnswers:
    """Ask the providers for the data of a result that is about to be paid for."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class ExpireAnswers:
    """Report that a provider left a question about its data unanswered."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class SlashProvider:
    """Take the exposure of the provider that a proof or a missing answer convicted."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class SlashBallot:
    """Take the exposure of a verifier that accepted what was proven wrong."""

    job: Pubkey
    ballot: int


@dataclass(frozen=True, slots=True)
class AdoptPartial:
    """Bring a partial result before the verdict."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take a posted job back."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class ExpireJob:
    """End a job that nobody claimed in time."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class ExpireLease:
    """End the lease of a silent provider."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class ReleaseExposure:
    """Free the stake that a claim locked."""

    job: Pubkey
    owner: Pubkey


@dataclass(frozen=True, slots=True)
class ReleaseBallot:
    """Free the stake that a ballot locked, or take the fee of a silent one."""

    job: Pubkey
    ballot: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Pull one credit."""

    job: Pubkey
    credit: int


@dataclass(frozen=True, slots=True)
class CollectFee:
    """Move the job's fee to its fee vault."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class ReclaimEscrow:
    """Return what nobody is owed to the buyer."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class CloseVerdict:
    """Return the verdict's rent."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class ReclaimJob:
    """Return the job's rent."""

    job: Pubkey


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    """Copy the verifiers' weights for an epoch."""

    epoch: int


@dataclass(frozen=True, slots=True)
class RollMarket:
    """Bring the market's demand to an epoch."""

    epoch: int


@dataclass(frozen=True, slots=True)
class EmitRewards:
    """Move due emission into the reward stream."""

    epoch: int


@dataclass(frozen=True, slots=True)
class SweepFees:
    """Split a fee vault between stakers, treasury and burn."""

    shard: int


Action = (
    Wait
    | Claim
    | OpenVerdict
    | Execute
    | CommitStage
    | Check
    | CastBallot
    | RevealBallot
    | ProveFraud
    | AnswerQuestion
    | Draw
    | Tally
    | Settle
    | VoidAttempt
    | DemandAnswers
    | ExpireAnswers
    | SlashProvider
    | SlashBallot
    | AdoptPartial
    | Cancel
    | ExpireJob
    | ExpireLease
    | ReleaseExposure
    | ReleaseBallot
    | Withdraw
    | CollectFee
    | ReclaimEscrow
    | CloseVerdict
    | ReclaimJob
    | TakeSnapshot
    | RollMarket
    | EmitRewards
    | SweepFees
)
