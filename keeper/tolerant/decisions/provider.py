"""What a provider of tasks does next: keep its commitments, collect, then take more.

It runs a kernel before it joins: whoever has the output cannot lose the bond to a kernel that never
ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from idl.client.bindings.job_registry import BPS
from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.claim_order import delay, lot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.stake import LeasableStake, Stake
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

# Outputs that could not be fetched are asked for again after so many slots.
RETRY_SLOTS = 8
# In the last slots an incomplete comparison is told all the same.
LAST_CHANCE_SLOTS = 4


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
    cannot run. `terms` is None while the provider may not join.
    """

    owner: Pubkey
    tasks: tuple[TaskSnapshot, ...]
    terms: JoinTerms | None
    kept: frozenset[Pubkey] = frozenset()
    unfit: frozenset[Pubkey] = frozenset()
    compared: Mapping[Pubkey, Comparison] = field(default_factory=dict)


def next_action(snapshot: TaskProviderSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`."""
    opens: list[int] = []
    for view in sorted(snapshot.tasks, key=lambda view: view.task.deadline):
        step = _own_run(snapshot, view.task, clock)
        if not isinstance(step, Wait):
            return step
        if step.until is not None:
            opens.append(step.until)
    for view in snapshot.tasks:
        if (collecting := _collect(snapshot.owner, view)) is not None:
            return collecting
    if any(_holds(snapshot.owner, view.task) for view in snapshot.tasks):
        # Running another kernel could make it miss a deadline of the one it has a bond in.
        return Wait(min(opens, default=None))
    joining = _take(snapshot, clock)
    if not isinstance(joining, Wait):
        return joining
    if joining.until is not None:
        opens.append(joining.until)
    return Wait(min(opens, default=None))


def bond(task: Task, rules: JoinRules) -> int:
    """Returns the base units that silence costs: a share of the price, rounded up."""
    return -(-task.price * rules.bond_bps // BPS)


def exposure(task: Task, rules: JoinRules) -> int:
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


def _holds(owner: Pubkey, task: Task) -> bool:
    own = task.run_of(owner)
    return own is not None and own.state is not RunState.SILENT and not task.ended


def _own_run(snapshot: TaskProviderSnapshot, task: Task, clock: Clock) -> Decision:
    own = task.run_of(snapshot.owner)
    if own is None or clock.slot > task.deadline or task.address not in snapshot.kept:
        return Wait()
    match task.state, own.state:
        case TaskState.RUNNING, RunState.JOINED:
            return CommitRun(task.address)
        case TaskState.REVEALING, RunState.COMMITTED:
            return RevealRun(task.address)
        case TaskState.COMPARING, RunState.REVEALED if own.compared != task.round:
            return _compare(snapshot.compared.get(task.address), task, clock)
    return Wait()


def _compare(found: Comparison | None, task: Task, clock: Clock) -> Decision:
    if found is None or found.round != task.round:
        return FetchRivals(task.address)
    last_chance = task.deadline - LAST_CHANCE_SLOTS
    if not found.missing or clock.slot >= last_chance:
        return TellAgreement(task.address, found.agrees)
    again = min(found.slot + RETRY_SLOTS, last_chance)
    return FetchRivals(task.address) if clock.slot >= again else Wait(again)


def _collect(owner: Pubkey, view: TaskSnapshot) -> Decision | None:
    task = view.task
    if view.escrow is not None:
        for credit in view.escrow.unpaid_to(owner):
            return WithdrawCredit(task.address, credit)
    own: Run | None = task.run_of(owner)
    if task.ended and own is not None and not own.released:
        return ReleaseBond(task.address, own.index)
    return None


def _take(snapshot: TaskProviderSnapshot, clock: Clock) -> Decision:
    terms, owner = snapshot.terms, snapshot.owner
    if terms is None:
        return Wait()
    offers = [
        view.task
        for view in snapshot.tasks
        if view.address not in snapshot.unfit and acceptable(view.task, owner, terms, clock)
    ]
    # The best paid come first; the address breaks ties.
    offers.sort(key=lambda task: (-task.price, bytes(task.address)))
    opens: list[int] = []
    for task in offers:
        if task.address not in snapshot.kept:
            continue
        first = first_join_slot(task, owner, terms)
        if clock.slot >= first:
            return Join(task.address)
        opens.append(first)
    for task in offers:
        if task.address not in snapshot.kept:
            return RunKernel(task.address)
    return Wait(min(opens, default=None))
