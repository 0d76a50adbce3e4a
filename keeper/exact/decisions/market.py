"""The market for jobs as it is in one slot, and a job that is only planned."""

from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions.demand import highest_demand
from keeper.exact.decisions.selection import ClaimConditions, Registration
from keeper.node.decisions.stake import LeasableStake, Stake
from neurolov_client.bindings.staking import Parameters


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered provider.

    It declares its `rate`, in multiply-adds per slot, and its memory. `active` is the number of
    jobs that it has claimed and not committed yet. An operator signs where it has named one.
    """

    owner: Pubkey
    registration: Registration
    rate: int
    memory_bytes: int
    stake: Stake
    by_operator: bool
    active: int


@dataclass(frozen=True, slots=True)
class Market:
    """What a quote depends on besides the job, as it is in `slot`.

    `demand_q32` holds since window `rolled`; `parameters` are those of the current terms.
    """

    slot: int
    checkpoint_slots: int
    parameters: Parameters
    demand_q32: int
    rolled: int
    leasable: LeasableStake
    candidates: tuple[Candidate, ...]

    @property
    def highest_demand(self) -> int:
        """The most that Q32 demand can be at the first claim of a job that is posted now."""
        latest = self.slot + self.parameters.job_registry.claim_window_slots
        return highest_demand(self.demand_q32, latest // self.checkpoint_slots - self.rolled)

    def conditions(self, candidate: Candidate, demand_q32: int) -> ClaimConditions:
        """Returns what a claim of this provider depends on while demand is such."""
        return ClaimConditions(
            registration=candidate.registration,
            stake=candidate.stake,
            by_operator=candidate.by_operator,
            leasable=self.leasable,
            checkpoint_slots=self.checkpoint_slots,
            demand_q32=demand_q32,
            beacons={},
        )


@dataclass(frozen=True, slots=True)
class Size:
    """What a job takes: multiply-adds, device memory, and bytes of the trace that is kept."""

    macs: int
    memory_bytes: int
    trace_bytes: int


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job that nobody has posted yet; `premium` is the urgency without its burned part."""

    buyer: Pubkey | None
    size: Size
    price: int
    premium: int
    posted_slot: int

    @property
    def macs(self) -> int:
        """Multiply-adds of the job."""
        return self.size.macs

    @property
    def offered(self) -> int:
        """What a lease's exposure and bond follow from, in base units."""
        return self.price + self.premium
