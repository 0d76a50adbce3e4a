"""What one job owes and to whom, computed from the steps that were taken."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from solders.pubkey import Pubkey

from keeper.lab.market.jobs import PostedJob
from neurolov_client import staking
from neurolov_client.bindings.job_registry import BPS
from neurolov_client.bindings.verdict import Choice, Outcome

PAYING: Final = {Outcome.ACCEPTED, Outcome.UNVERIFIED, Outcome.UNSAMPLED, Outcome.UNPROVEN}
_BORNE_OUT: Final = {
    Outcome.ACCEPTED: {Choice.ACCEPT},
    Outcome.UNAVAILABLE: {Choice.UNAVAILABLE},
    Outcome.UNVERIFIED: set(Choice),
    Outcome.UNSAMPLED: set[Choice](),
    Outcome.FRAUD: {Choice.REJECT},
    Outcome.UNPROVEN: {Choice.ACCEPT},
    Outcome.WITHHELD: {Choice.UNAVAILABLE},
}


@dataclass(frozen=True, slots=True)
class CommittedStage:
    """Operators `first..last` and the price of a lease on their whole graph, in base units."""

    provider: Pubkey
    first: int
    last: int
    macs: int
    price: int


@dataclass(slots=True)
class CastBallot:
    """A vote, the cost of silence about it, and whether it has been revealed."""

    verifier: Pubkey
    choice: Choice
    operator: int
    bond: int
    revealed: bool = False
    released: bool = False
    slashed: bool = False


@dataclass(slots=True)
class JobLedger:
    """One job's record of each party's work and payment. Amounts are base units."""

    job: PostedJob
    locked: int
    version: int
    """The version of the terms under which the job was posted."""
    parameters: staking.Parameters
    lie: int | None = None
    stages: list[CommittedStage] = field(default_factory=list)
    ballots: dict[int, CastBallot] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    """The ballots that were declined, or reported."""
    steps: Counter[Pubkey] = field(default_factory=Counter)
    credits: dict[Pubkey, int] = field(default_factory=dict)
    paid: dict[Pubkey, int] = field(default_factory=dict)
    bounty: int = 0
    fee: int = 0
    fee_due: int = 0
    final: bool = False
    escrow_closed: bool = False
    closed: bool = False

    @property
    def unpaid(self) -> int:
        """Returns what is credited and still in the vault."""
        return sum(self.credits.values()) - sum(self.paid.values())

    @property
    def covered(self) -> int:
        """Returns what may be credited: the buyer's payment and the challenger's slash share."""
        return self.locked + self.bounty

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Returns the first and last operator of each stage."""
        return tuple((stage.first, stage.last) for stage in self.stages)

    @property
    def outstanding(self) -> int:
        """Returns the least amount that the vault must hold."""
        return self.unpaid + self.fee_due

    def commit(self, stage: CommittedStage) -> None:
        """Appends a stage; one that begins at operator 0 replaces all before it."""
        if stage.first == 0:
            self.stages.clear()
        self.stages.append(stage)

    def provider_of(self, operator: int) -> Pubkey:
        """Returns the provider that committed the operator."""
        return next(s.provider for s in self.stages if s.first <= operator < s.last)

    def conclude(self, outcome: Outcome, graph_macs: int, challenger: Pubkey | None = None) -> None:
        """Credits all parties as the verdict's outcome and the job's terms say."""
        credits, fee_bps = Counter[Pubkey](), self.parameters.escrow.fee_bps
        if challenger is not None:
            credits[challenger] += self.bounty
        if outcome in PAYING:
            for stage in self.stages:
                gross = stage.price * stage.macs // graph_macs
                fee = -(-gross * fee_bps // BPS)
                credits[stage.provider] += gross - fee
                self.fee += fee
        for ballot in self.ballots.values():
            if ballot.revealed and ballot.choice in _BORNE_OUT[outcome]:
                credits[ballot.verifier] += self.job.offer.verification_fee
        for cranker, steps in self.steps.items():
            credits[cranker] += self.job.offer.tip * steps
        self.fee_due = self.fee
        self._finalise(credits)

    def refund(self, cranker: Pubkey | None) -> None:
        """Credits nobody but the party that ended the job."""
        self._finalise(Counter({cranker: self.job.offer.tip} if cranker else {}))

    def pay(self, party: Pubkey) -> int:
        """Returns what the party is owed and marks it as paid; fails the second time."""
        assert party not in self.paid, f"{party} is paid twice"
        self.paid[party] = self.credits[party]
        return self.credits[party]

    def _finalise(self, credits: Counter[Pubkey]) -> None:
        assert not self.final, "the job ends twice"
        self.final = True
        self.credits = {party: amount for party, amount in credits.items() if amount}
        assert sum(self.credits.values()) + self.fee <= self.covered, "more is owed than is there"
