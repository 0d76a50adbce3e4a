"""Which posted job a provider takes: the best score among those that it may claim.

The rules are the registry's own claim order and price, so that no claim is sent before the chain
takes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    """

    ask: int
    max_macs: int
    measured_rate: int
    reputation: int
    rated_slot: int
    registered_slot: int


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
    registration = conditions.registration
    registered = conditions.window(registration.registered_slot)
    posted = conditions.window(job.posted_slot)
    if (
        job.state is not JobState.POSTED
        or job.attempts >= rules.max_attempts
        or job.macs > registration.max_macs
        or job.buyer == owner
        or posted < registered + rules.min_registration_windows
    ):
        return False
    quoted = quote(job.macs, rules, registration, conditions.demand_q32)
    if quoted is None or quoted > job.price:
        return False
    room = conditions.stake.exposable(by_operator=conditions.by_operator)
    return sum(locked(job.offered, rules)) <= room


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
    half_life = rules.reputation_half_life_slots
    left = reputation_at(conditions.registration, job.posted_slot, half_life)
    own = weight(conditions.stake.weight(window), left)
    drawn = lot(beacon, job.address, owner)
    waits = delay(rules, drawn, own, conditions.leasable.standing(window))
    return job.posted_slot + CLAIM_DELAY + waits


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
