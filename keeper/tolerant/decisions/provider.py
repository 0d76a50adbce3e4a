"""What a provider of tasks does next: keep its commitments, collect, then take more.

It runs a kernel before it joins: whoever has the output cannot lose the bond to a kernel that never
ends. Running kernels and fetching outputs go on beside the steps, as `next_work` decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.stake import LeasableStake, Stake
from keeper.node.decisions.urgency import Owed, most_urgent
from keeper.tolerant.decisions.actions import (
    CommitRun,
    FetchRivals,
    Join,
    ReleaseBond,
    RevealRun,
    RunKernel,
    TellAgreement,
    WithdrawCredit,
)
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.state import Run, Task, TaskSnapshot
from neurolov_client.bindings.job_registry import BPS

# Outputs that could not be fetched are asked for again after so many slots.
RETRY_SLOTS = 8
# In the last slots an incomplete comparison is told all the same.
LAST_CHANCE_SLOTS = 4


class BondRules(Protocol):
    """The parameters that say what a provider risks in a task."""

    @property
    def bond_bps(self) -> int:
        """The share of the price that silence costs, in basis points."""
        ...

    @property
    def join_kappa(self) -> int:
        """Base units of stake that a run exposes per base unit of price."""
        ...


@dataclass(frozen=True, slots=True)
class JoinRules:
    """One version's parameters that decide about joining."""

    claim_scale_slots: int
    claim_max_delay_slots: int
    bond_bps: int
    join_kappa: int


@dataclass(frozen=True, slots=True)
class JoinTerms:
    """Everything that joining depends on besides the task.

    `rules` are by version of the terms, and `checkpoint_slots` are the slots of a window. The stake
    is exposed `by_operator` where the owner does not sign itself. `min_price` is the least that
    this provider runs a kernel for, in base units. `beacons` holds, by task, the hash of the lowest
    slot at or after its posting: no entry before it exists, None once it aged out, which opens the
    task to all whose stake stood.
    """

    rules: Mapping[int, JoinRules]
    checkpoint_slots: int
    stake: Stake
    leasable: LeasableStake
    by_operator: bool
    min_price: int
    beacons: Mapping[Pubkey, bytes | None]

    def window(self, task: Task) -> int:
        """Returns the window in which the task was posted or extended."""
        return task.posted_slot // self.checkpoint_slots


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing the outputs of one round gave.

    `missing` says that some output could not be had.
    """

    round: int
    agrees: int
    missing: bool
    slot: int


@dataclass(frozen=True, slots=True)
class TaskProviderSnapshot:
    """What a provider decides on.

    `kept` are the tasks whose output and salt are on disk, `unfit` those whose kernel this node
    cannot run. `terms` is None while the provider may not join. `running` are the actions under
    way.
    """

    owner: Pubkey
    tasks: tuple[TaskSnapshot, ...]
    terms: JoinTerms | None
    kept: frozenset[Pubkey] = frozenset()
    unfit: frozenset[Pubkey] = frozenset()
    compared: Mapping[Pubkey, Comparison] = field(default_factory=dict)
    running: frozenset[Action] = frozenset()


def next_work(snapshot: TaskProviderSnapshot, clock: Clock) -> Action | None:
    """Returns the work to start beside the loop, None where there is none or enough is under way.

    Outputs of rivals are fetched as soon as they are needed. One kernel runs at a time, and only
    while no bond is at stake.
    """
    for view in sorted(snapshot.tasks, key=lambda view: view.task.deadline):
        fetch = FetchRivals(view.address)
        if fetch not in snapshot.running and _fetch_slot(snapshot, view.task, clock) == clock.slot:
            return fetch
    if _holding(snapshot) or any(isinstance(each, RunKernel) for each in snapshot.running):
        return None
    for task in _offers(snapshot, clock):
        if task.address not in snapshot.kept:
            return RunKernel(task.address)
    return None


def next_action(snapshot: TaskProviderSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`.

    What is owed comes first, as `keeper.node.decisions.urgency` orders it. It does not wait for the
    work under way.
    """
    owed = [
        Owed(step, view.task.deadline, _bond_of(snapshot.owner, view.task))
        for view in snapshot.tasks
        if (step := _own_run(snapshot, view.task, clock)) is not None
    ]
    if (urgent := most_urgent(owed, clock.slot)) is not None:
        return urgent
    for view in snapshot.tasks:
        if (collecting := _collect(snapshot.owner, view)) is not None:
            return collecting
    fetches = [_fetch_slot(snapshot, view.task, clock) for view in snapshot.tasks]
    opens = [slot for slot in fetches if slot is not None and slot > clock.slot]
    # Taking part in another task could make it miss a deadline of the one it has a bond in.
    joining = Wait() if _holding(snapshot) else _join(snapshot, clock)
    if not isinstance(joining, Wait):
        return joining
    if joining.until is not None:
        opens.append(joining.until)
    return Wait(min(opens, default=None))


class Priced(Protocol):
    """What a provider risks in a task depends on its price alone, in base units per run."""

    @property
    def price(self) -> int:
        """Base units per paid run."""
        ...


def bond(task: Priced, rules: BondRules) -> int:
    """Returns the base units that silence costs: a share of the price, rounded up."""
    return -(-task.price * rules.bond_bps // BPS)


def exposure(task: Priced, rules: BondRules) -> int:
    """Returns the base units that joining locks beside the bond, and that must have stood."""
    return task.price * rules.join_kappa


def first_join_slot(task: Task, owner: Pubkey, terms: JoinTerms) -> int:
    """Returns the first slot at which `owner` may join.

    While the beacon does not exist, that is after the longest wait.
    """
    rules, window = terms.rules[task.terms], terms.window(task)
    if task.address not in terms.beacons:
        return task.posted_slot + 1 + rules.claim_max_delay_slots
    beacon = terms.beacons[task.address]
    if beacon is None:
        return task.posted_slot
    drawn = lot(beacon, task.address, owner)
    waits = delay(rules, drawn, terms.stake.weight(window), terms.leasable.standing(window))
    return task.posted_slot + 1 + waits


def acceptable(task: Task, owner: Pubkey, terms: JoinTerms, clock: Clock) -> bool:
    """Returns whether the chain would let `owner` join at some slot, for a price that is enough."""
    rules = terms.rules[task.terms]
    exposed = exposure(task, rules)
    return (
        task.state is TaskState.JOINING
        and clock.slot <= task.deadline
        and task.buyer != owner
        and task.run_of(owner) is None
        and task.price >= terms.min_price
        and exposed <= terms.stake.weight(terms.window(task))
        and exposed + bond(task, rules) <= terms.stake.exposable(by_operator=terms.by_operator)
    )


def _holding(snapshot: TaskProviderSnapshot) -> bool:
    return any(_holds(snapshot.owner, view.task) for view in snapshot.tasks)


def _holds(owner: Pubkey, task: Task) -> bool:
    own = task.run_of(owner)
    return own is not None and own.state is not RunState.SILENT and not task.ended


def _bond_of(owner: Pubkey, task: Task) -> int:
    own = task.run_of(owner)
    return own.bond if own is not None else 0


def _kept_run(snapshot: TaskProviderSnapshot, task: Task, clock: Clock) -> Run | None:
    """Returns this provider's run, None where no step of it is possible any more."""
    if clock.slot > task.deadline or task.address not in snapshot.kept:
        return None
    return task.run_of(snapshot.owner)


def _compares(own: Run, task: Task) -> bool:
    comparing = task.state is TaskState.COMPARING and own.state is RunState.REVEALED
    return comparing and own.compared != task.round


def _own_run(snapshot: TaskProviderSnapshot, task: Task, clock: Clock) -> Action | None:
    own = _kept_run(snapshot, task, clock)
    if own is None:
        return None
    match task.state, own.state:
        case TaskState.RUNNING, RunState.JOINED:
            return CommitRun(task.address)
        case TaskState.REVEALING, RunState.COMMITTED:
            return RevealRun(task.address)
    return _tell(snapshot, task, clock) if _compares(own, task) else None


def _tell(snapshot: TaskProviderSnapshot, task: Task, clock: Clock) -> Action | None:
    """Returns the report on a round: at once where it is complete, else at the last chance."""
    found = _comparison(snapshot, task)
    if found is not None and not found.missing:
        return TellAgreement(task.address, found.agrees)
    fetching = FetchRivals(task.address) in snapshot.running
    if clock.slot < task.deadline - LAST_CHANCE_SLOTS or (found is None and not fetching):
        return None
    # What has not come by now agrees with nobody: silence would cost the bond.
    return TellAgreement(task.address, found.agrees if found is not None else 0)


def _fetch_slot(snapshot: TaskProviderSnapshot, task: Task, clock: Clock) -> int | None:
    """Returns the slot from which on rivals' outputs are fetched, this one at the earliest."""
    own = _kept_run(snapshot, task, clock)
    if own is None or not _compares(own, task):
        return None
    found = _comparison(snapshot, task)
    if found is None:
        return clock.slot
    last_chance = task.deadline - LAST_CHANCE_SLOTS
    if not found.missing or clock.slot >= last_chance:
        return None
    return max(clock.slot, min(found.slot + RETRY_SLOTS, last_chance))


def _comparison(snapshot: TaskProviderSnapshot, task: Task) -> Comparison | None:
    found = snapshot.compared.get(task.address)
    return found if found is not None and found.round == task.round else None


def _collect(owner: Pubkey, view: TaskSnapshot) -> Decision | None:
    task = view.task
    if view.escrow is not None:
        for credit in view.escrow.unpaid_to(owner):
            return WithdrawCredit(task.address, credit)
    own: Run | None = task.run_of(owner)
    if task.ended and own is not None and not own.released:
        return ReleaseBond(task.address, own.index)
    return None


def _offers(snapshot: TaskProviderSnapshot, clock: Clock) -> list[Task]:
    """Returns what may be joined at some slot: the best paid first, the address breaks ties."""
    terms = snapshot.terms
    if terms is None:
        return []
    found = [
        view.task
        for view in snapshot.tasks
        if view.address not in snapshot.unfit
        and acceptable(view.task, snapshot.owner, terms, clock)
    ]
    return sorted(found, key=lambda task: (-task.price, bytes(task.address)))


def _join(snapshot: TaskProviderSnapshot, clock: Clock) -> Decision:
    opens: list[int] = []
    for task in _offers(snapshot, clock):
        if snapshot.terms is None or task.address not in snapshot.kept:
            continue
        first = first_join_slot(task, snapshot.owner, snapshot.terms)
        if clock.slot >= first:
            return Join(task.address)
        opens.append(first)
    return Wait(min(opens, default=None))
