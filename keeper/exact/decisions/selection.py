"""Which posted job a provider takes: the best score among those that it may claim.

The rules are the registry's own claim order and price, so that no claim is sent before the chain
takes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import Job, JobSnapshot
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.fixed_point import U64_MAX, q32_share
from keeper.node.decisions.stake import LeasableStake, Stake
from neurolov_client.bindings.job_registry import ASK_MACS, BPS, Q32_ONE, REPUTATION_ONE
from neurolov_client.bindings.staking import RegistryParams

CLAIM_DELAY = 1


@dataclass(frozen=True, slots=True)
class Registration:
    """What a provider is registered with.

    `ask` is base units per 2^30 multiply-adds. `reputation` is Q16, as it was at `rated_slot`.
    A provider that is `draining` takes no more work.
    """

    ask: int
    max_macs: int
    measured_rate: int
    reputation: int
    rated_slot: int
    registered_slot: int
    draining: bool = False


class Offered(Protocol):
    """What claiming a job depends on, whether it is posted already or only thought of."""

    @property
    def buyer(self) -> Pubkey | None:
        """The key that offers the job, None while nobody does."""
        ...

    @property
    def macs(self) -> int:
        """Multiply-adds of the job."""
        ...

    @property
    def price(self) -> int:
        """The most that the work may cost, in base units."""
        ...

    @property
    def offered(self) -> int:
        """The price and the premium without its burned part, in base units."""
        ...

    @property
    def posted_slot(self) -> int:
        """The slot in which the job is posted."""
        ...


class Refusal(Enum):
    """Why the chain would let a provider claim a job at no slot."""

    DRAINING = auto()
    TOO_LARGE = auto()
    OWN_JOB = auto()
    TOO_NEW = auto()
    ASKS_MORE = auto()
    NO_ROOM = auto()


@dataclass(frozen=True, slots=True)
class ClaimConditions:
    """Everything that a claim depends on besides the job and its terms.

    The stake is exposed `by_operator` where the owner does not sign itself. `checkpoint_slots` are
    the slots of a window, and the demand is Q32. `beacons` holds, by job, the hash of the lowest
    slot at or after its posting. A job without an entry has no beacon yet. None stands for a hash
    that aged out, which opens the job to all.
    """

    registration: Registration
    stake: Stake
    by_operator: bool
    leasable: LeasableStake
    checkpoint_slots: int
    demand_q32: int
    beacons: Mapping[Pubkey, bytes | None]

    def window(self, slot: int) -> int:
        """Returns the window that contains a slot."""
        return slot // self.checkpoint_slots


def choose(
    offers: Iterable[JobSnapshot], owner: Pubkey, conditions: ClaimConditions, clock: Clock
) -> Job | int | None:
    """Returns the job to claim now, otherwise the first slot at which one opens, or None."""
    ready: list[tuple[int, bytes, Job]] = []
    opens: list[int] = []
    for offer in offers:
        job, rules = offer.job, offer.parameters.job_registry
        if not acceptable(job, rules, owner, conditions) or clock.slot > job.claim_deadline:
            continue
        first = first_claim_slot(job, rules, owner, conditions)
        if first <= clock.slot:
            ready.append((aged_score(job, rules, clock), bytes(job.address), job))
        else:
            opens.append(first)
    if ready:
        return max(ready, key=lambda each: each[:2])[2]
    return min(opens, default=None)


def aged_score(job: Job, rules: RegistryParams, clock: Clock) -> int:
    """Returns the score as Q32 plus ageing for every slot since posting: no job starves."""
    return job.score_q32 + rules.ageing_q32 * max(0, clock.slot - job.posted_slot)


def acceptable(job: Job, rules: RegistryParams, owner: Pubkey, conditions: ClaimConditions) -> bool:
    """Returns whether the chain would let `owner` claim the job at some slot, at its price."""
    return (
        job.state is JobState.POSTED
        and job.attempts < rules.max_attempts
        and refusal(job, rules, owner, conditions) is None
    )


def refusal(
    job: Offered, rules: RegistryParams, owner: Pubkey, conditions: ClaimConditions
) -> Refusal | None:
    """Returns why `owner` may not claim the job at its price, None where it may at some slot."""
    registration = conditions.registration
    if registration.draining:
        return Refusal.DRAINING
    if job.macs > registration.max_macs:
        return Refusal.TOO_LARGE
    if job.buyer == owner:
        return Refusal.OWN_JOB
    if conditions.window(job.posted_slot) < first_window(rules, conditions):
        return Refusal.TOO_NEW
    quoted = quote(job.macs, rules, registration, conditions.demand_q32)
    if quoted is None or quoted > job.price:
        return Refusal.ASKS_MORE
    room = conditions.stake.exposable(by_operator=conditions.by_operator)
    return None if sum(locked(job.offered, rules)) <= room else Refusal.NO_ROOM


def first_window(rules: RegistryParams, conditions: ClaimConditions) -> int:
    """Returns the window from which on a registered provider may claim what is posted."""
    registered = conditions.window(conditions.registration.registered_slot)
    return registered + rules.min_registration_windows


def first_claim_slot(
    job: Job, rules: RegistryParams, owner: Pubkey, conditions: ClaimConditions
) -> int:
    """Returns the first slot at which `owner` may claim.

    While the beacon does not exist, that is after the longest wait.
    """
    if job.address not in conditions.beacons:
        return job.posted_slot + CLAIM_DELAY + rules.claim_max_delay_slots
    beacon = conditions.beacons[job.address]
    if beacon is None:
        return job.posted_slot
    window = conditions.window(job.posted_slot)
    drawn = lot(beacon, job.address, owner)
    own = claim_weight(job.posted_slot, rules, conditions)
    waits = delay(rules, drawn, own, conditions.leasable.standing(window))
    return job.posted_slot + CLAIM_DELAY + waits


def claim_weight(posted_slot: int, rules: RegistryParams, conditions: ClaimConditions) -> int:
    """Returns the stake in base units that counts in the claim of a job of this slot."""
    half_life = rules.reputation_half_life_slots
    left = reputation_at(conditions.registration, posted_slot, half_life)
    return weight(conditions.stake.weight(conditions.window(posted_slot)), left)


def quote(
    macs: int, rules: RegistryParams, registration: Registration, demand_q32: int
) -> int | None:
    """Returns ask * macs * (1 + demand) * (1 + capability) * season, floored at each factor.

    The price is in base units; None when it exceeds u64.
    """
    capability = Q32_ONE + q32_share(registration.measured_rate, rules.capability_ref)
    price = registration.ask * macs // ASK_MACS
    for factor in (Q32_ONE + demand_q32, capability, rules.season_q32):
        if price > U64_MAX:
            return None
        price = price * factor >> 32
    return price if price <= U64_MAX else None


def locked(offered: int, rules: RegistryParams) -> tuple[int, int]:
    """Returns a lease's exposure and its bond by what the buyer offers, all in base units."""
    exposure = max(rules.kappa * offered, rules.min_exposure)
    return exposure, -(-offered * rules.bond_bps // BPS)


def reputation_at(registration: Registration, slot: int, half_life: int) -> int:
    """Returns what is left of a Q16 reputation: halved every `half_life` slots, linearly within."""
    halvings, rest = divmod(max(0, slot - registration.rated_slot), half_life)
    halved = registration.reputation >> halvings
    return halved - halved * rest // half_life // 2


def weight(stake: int, reputation: int) -> int:
    """Returns stake in base units times 1/4 + 3/4 of a Q16 reputation."""
    factor = REPUTATION_ONE + 3 * reputation
    return min(U64_MAX, stake * factor // (4 * REPUTATION_ONE))
