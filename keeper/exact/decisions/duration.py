"""How long a job takes until its end: its parts, in the best case and by their deadlines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keeper.exact.decisions.market import Candidate, Market, PlannedJob
from keeper.exact.decisions.selection import CLAIM_DELAY, claim_weight
from keeper.node.decisions.claim_order import delay
from neurolov_client.bindings.job_registry import MAX_DRAWS
from neurolov_client.bindings.verdict import DRAW_DELAY

MEAN_LOT: Final = 6_786_177_901_268_885_274
"""The lot of a provider that waits as long as the average: 2^64 / e."""
BALLOT_STEPS: Final = 2
"""Slots in which all ballots can be cast, which ends casting early, and revealed."""


@dataclass(frozen=True, slots=True)
class Span:
    """Slots that a part of a job's life takes: in the best case, and by its deadline."""

    best: int
    latest: int


@dataclass(frozen=True, slots=True)
class Duration:
    """Slots until a job has ended, by part.

    `worst` is the end where each lease expires at its latest, each draw goes without a majority and
    the data are asked for.
    """

    claim: Span
    work: Span
    draw: Span
    ballots: Span
    window: Span
    worst: int

    @property
    def best(self) -> int:
        """Slots until the end where everybody acts at once, and as fast as it declares."""
        return sum(part.best for part in self._parts)

    @property
    def latest(self) -> int:
        """Slots until the end by every deadline, with one lease and one draw."""
        return sum(part.latest for part in self._parts)

    @property
    def _parts(self) -> tuple[Span, ...]:
        return self.claim, self.work, self.draw, self.ballots, self.window


def work_slots(macs: int, rate: int) -> int:
    """Returns the slots of so many multiply-adds at a rate per slot, 0 where none is declared."""
    return -(-macs // rate) if rate else 0


def duration(market: Market, job: PlannedJob, able: Sequence[Candidate]) -> Duration:
    """Returns how long a job lasts that these providers could take."""
    rules, judging = market.parameters.job_registry, market.parameters.verdict
    longest_lease = rules.lease_slots + job.macs // rules.min_rate_macs_per_slot
    turn = CLAIM_DELAY + rules.claim_max_delay_slots
    claim = Span(CLAIM_DELAY, min(turn, rules.claim_window_slots))
    if not able:
        claim = Span(rules.claim_window_slots, rules.claim_window_slots)
    draw = Span(DRAW_DELAY + 1, DRAW_DELAY + 1 + judging.salt_slots)
    ballots = Span(BALLOT_STEPS, judging.ballot_slots + judging.reveal_slots + 1)
    windows = (judging.challenge_slots, judging.public_slots, judging.proof_slots)
    leases = rules.max_attempts * (rules.claim_window_slots + longest_lease + 1)
    draws = MAX_DRAWS * (draw.latest + ballots.latest)
    return Duration(
        claim=claim,
        work=Span(
            min((work_slots(job.macs, each.rate) for each in able), default=0), longest_lease
        ),
        draw=draw,
        ballots=ballots,
        window=Span(judging.challenge_slots + 1, judging.challenge_slots + 1),
        worst=leases + draws + judging.answer_slots + max(windows) + judging.trap_slots + 1,
    )


def average_turn(market: Market, job: PlannedJob, candidate: Candidate) -> int:
    """Returns the slots that a provider waits for its turn on average."""
    rules = market.parameters.job_registry
    conditions = market.conditions(candidate, market.demand_q32)
    own = claim_weight(job.posted_slot, rules, conditions)
    standing = market.leasable.standing(job.posted_slot // market.checkpoint_slots)
    return CLAIM_DELAY + delay(rules, MEAN_LOT, own, standing)
