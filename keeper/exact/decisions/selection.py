"""Which posted job a provider takes: the best score among those that it may claim.

The rules are the registry's own claim order and price, so that no claim is sent before the chain
takes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from idl.client.bindings.job_registry import ASK_MACS, BPS, Q32_ONE, REPUTATION_ONE
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import Job, JobSnapshot
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.fixed_point import U64_MAX, q32_share

CLAIM_DELAY = 1


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """The registry's parameters that decide about a claim."""

    max_attempts: int
    min_registration_slots: int
    claim_scale_slots: int
    claim_max_delay_slots: int
    capability_ref: int
    reputation_half_life_slots: int
    season_q32: int
    ageing_q32: int
    kappa: int
    bond_bps: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A provider's registration and stake.

    `ask` is base units per 2^30 multiply-adds. `reputation` is Q16, as it was at `rated_slot`.
    """

    ask: int
    max_macs: int
    measured_rate: int
    reputation: int
    rated_slot: int
    registered_slot: int
    free_stake: int


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """Everything that a claim depends on besides the job.

    `beacons` holds, by job, the hash of the lowest slot at or after its posting. A job without an
    entry has no beacon yet. None stands for a hash that aged out, which opens the job to all.
    """

    rules: ClaimRules
    standing: Standing
    demand_q32: int
    total_staked: int
    beacons: Mapping[Pubkey, bytes | None]


def choose(
    offers: Iterable[JobSnapshot], owner: Pubkey, terms: ClaimTerms, clock: Clock
) -> Job | int | None:
    """Returns the job to claim now, otherwise the first slot at which one opens, or None."""
    ready: list[Job] = []
    opens: list[int] = []
    for offer in offers:
        job = offer.job
        first = first_claim_slot(job, owner, terms)
        if not acceptable(job, owner, terms) or clock.slot > job.claim_deadline:
            continue
        if first <= clock.slot:
            ready.append(job)
        else:
            opens.append(first)
    if ready:
        return max(ready, key=lambda job: (aged_score(job, terms.rules, clock), bytes(job.address)))
    return min(opens, default=None)


def aged_score(job: Job, rules: ClaimRules, clock: Clock) -> int:
    """Returns the score as Q32 plus ageing for every slot since posting: no job starves."""
    return job.score_q32 + rules.ageing_q32 * max(0, clock.slot - job.posted_slot)


def acceptable(job: Job, owner: Pubkey, terms: ClaimTerms) -> bool:
    """Returns whether the chain would let `owner` claim the job at some slot, at its price."""
    standing = terms.standing
    if (
        job.state is not JobState.POSTED
        or job.attempts >= terms.rules.max_attempts
        or job.macs > standing.max_macs
        or job.buyer == owner
    ):
        return False
    quoted = quote(job.macs, terms)
    if quoted is None or quoted > job.price:
        return False
    price, offered = quoted + job.urgency, job.price + job.urgency
    return sum(locked(price, offered, terms.rules)) <= standing.free_stake


def first_claim_slot(job: Job, owner: Pubkey, terms: ClaimTerms) -> int:
    """Returns the first slot at which `owner` may claim.

    While the beacon does not exist, that is after the longest wait.
    """
    rules, standing = terms.rules, terms.standing
    registered = standing.registered_slot + rules.min_registration_slots
    if job.address not in terms.beacons:
        return max(registered, job.posted_slot + CLAIM_DELAY + rules.claim_max_delay_slots)
    beacon = terms.beacons[job.address]
    if beacon is None:
        return max(registered, job.posted_slot)
    drawn = lot(beacon, job.address, owner)
    left = reputation_at(standing, job.posted_slot, rules.reputation_half_life_slots)
    waits = delay(rules, drawn, weight(standing.free_stake, left), terms.total_staked)
    return max(registered, job.posted_slot + CLAIM_DELAY + waits)


def quote(macs: int, terms: ClaimTerms) -> int | None:
    """Returns ask * macs * (1 + demand) * (1 + capability) * season, floored at each factor.

    The price is in base units; None when it exceeds u64.
    """
    capability = Q32_ONE + q32_share(terms.standing.measured_rate, terms.rules.capability_ref)
    price = terms.standing.ask * macs // ASK_MACS
    for factor in (Q32_ONE + terms.demand_q32, capability, terms.rules.season_q32):
        if price > U64_MAX:
            return None
        price = price * factor >> 32
    return price if price <= U64_MAX else None


def locked(price: int, offered: int, rules: ClaimRules) -> tuple[int, int]:
    """Returns a lease's exposure at this price, and its bond by what the buyer offers.

    Both are base units.
    """
    return rules.kappa * price, -(-offered * rules.bond_bps // BPS)


def reputation_at(standing: Standing, slot: int, half_life: int) -> int:
    """Returns what is left of a Q16 reputation: halved every `half_life` slots, linearly within."""
    halvings, rest = divmod(max(0, slot - standing.rated_slot), half_life)
    halved = standing.reputation >> halvings
    return halved - halved * rest // half_life // 2


def weight(free_stake: int, reputation: int) -> int:
    """Returns free stake in base units times 1/4 + 3/4 of a Q16 reputation."""
    factor = REPUTATION_ONE + 3 * reputation
    return min(U64_MAX, free_stake * factor // (4 * REPUTATION_ONE))
