"""The tasks, and what belongs to them, as the roles of one process see them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.node.accounts import (
    escrow_of,
    leasable_of,
    optional,
    owned,
    required,
    slot_hashes_of,
    stake_of,
    tokens_of,
)
from keeper.node.changes import Counter, Notice, sequence_of
from keeper.node.connection import Reading
from keeper.node.decisions.stake import LeasableStake, Stake
from keeper.node.mirror import BaseView, Mirror
from keeper.telemetry import METRICS
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import TaskSnapshot, has_ended
from keeper.tolerant.roles.accounts import task_of
from neurolov_client import SLOT_HASHES, Event, escrow, redundancy, staking

Raws = Mapping[Pubkey, RawAccount | None]


@dataclass(slots=True)
class TaskView(BaseView):
    """What is known of the chain.

    `terms` is the version of the current terms, `posting_fee` what posting burns under them in base
    units. `parameters` are by version of those that govern a task. `stakes` are by owner.
    """

    mint: Pubkey
    terms: int
    posting_fee: int
    checkpoint_slots: int
    parameters: Mapping[int, staking.RedundancyParams]
    leasable: LeasableStake
    stakes: Mapping[Pubkey, Stake]
    tasks: Mapping[Pubkey, TaskSnapshot]


class TaskMirror(Mirror[TaskView]):
    """See `Mirror`. `parties` are the keys whose stake is read."""

    def __init__(self, gateway: Gateway, parties: Iterable[Pubkey], poll_seconds: float) -> None:
        super().__init__(gateway, poll_seconds)
        self._parties = tuple(parties)
        # The parameters of a version never change, so each is read once.
        self._parameters: dict[int, staking.Parameters] = {}

    def notice(self, event: Event) -> Notice:
        """Returns the task of an event, and whose sequence number the event carries.

        An escrow names its task in the field `job`. One that belongs to no task in the view may be
        a job's, so that its number says nothing; the task is read nevertheless, because it may be
        on its way.
        """
        sequence = sequence_of(event)
        task: Pubkey | None = getattr(event, "task", None)
        if task is not None:
            return Notice(task, (event.PROGRAM, task), sequence)
        if event.PROGRAM != escrow.PROGRAM:
            return Notice(None, None, sequence)
        paid_for: Pubkey | None = getattr(event, "job", None)
        known = self._view.tasks if self._view is not None else {}
        if paid_for is None or paid_for not in known:
            return Notice(paid_for, None, sequence)
        return Notice(paid_for, (event.PROGRAM, paid_for), sequence)

    def sequences(self, view: TaskView) -> Mapping[Counter, int]:
        """Returns the sequence numbers of tasks and their escrows."""
        return {
            (program, task): sequence
            for task, snapshot in view.tasks.items()
            for program, sequence in snapshot.sequences
        }

    async def _sweep(self, slot: int) -> TaskView:
        found = dict(await self.gateway.program_accounts(redundancy.Task))
        return await self._view_of(slot, slot, {}, found)

    async def _read(self, view: TaskView, slot: int, subjects: frozenset[Pubkey]) -> TaskView:
        raws = zip(subjects, await self.gateway.accounts([*subjects]), strict=True)
        read = {task: owned(redundancy.Task, raw) for task, raw in raws}
        found = {task: account for task, account in read.items() if account is not None}
        kept = {task: each for task, each in view.tasks.items() if task not in subjects}
        return await self._view_of(slot, view.swept_slot, kept, found)

    async def _view_of(
        self,
        slot: int,
        swept_slot: int,
        kept: Mapping[Pubkey, TaskSnapshot],
        found: Mapping[Pubkey, redundancy.Task],
    ) -> TaskView:
        """Read the shared accounts and what belongs to the found tasks."""
        pool = staking.pool_address()
        addresses = [pool, *map(staking.position_address, self._parties)]
        if any(account.state == TaskState.JOINING for account in found.values()) or any(
            each.task.state is TaskState.JOINING for each in kept.values()
        ):
            addresses.append(SLOT_HASHES)
        for task, account in found.items():
            addresses += [escrow.escrow_address(task), escrow.vault_address(task)]
            addresses += [staking.exposure_address(task, each) for each in _closing(account)]
        raws = dict(zip(addresses, await self.gateway.accounts(addresses), strict=True))
        stakes = required(staking.Pool, raws[pool])
        tasks = {**kept, **{task: _snapshot(task, each, raws) for task, each in found.items()}}
        METRICS.set("tasks", len(tasks))
        governing = {stakes.terms, *(each.task.terms for each in tasks.values())}
        await self._read_parameters(governing)
        return TaskView(
            slot=slot,
            swept_slot=swept_slot,
            slot_hashes=slot_hashes_of(raws.get(SLOT_HASHES)),
            mint=stakes.mint,
            terms=stakes.terms,
            posting_fee=self._parameters[stakes.terms].escrow.posting_fee,
            checkpoint_slots=stakes.checkpoint_slots,
            parameters={each: self._parameters[each].redundancy for each in governing},
            leasable=leasable_of(stakes),
            stakes={owner: _stake(owner, raws) for owner in self._parties},
            tasks=tasks,
        )

    async def _read_parameters(self, versions: set[int]) -> None:
        """Read the terms that have not been read yet; raises RoleError where there are none."""
        missing = sorted(versions - self._parameters.keys())
        addresses = [staking.terms_address(version) for version in missing]
        for version, raw in zip(missing, await self.gateway.accounts(addresses), strict=True):
            self._parameters[version] = required(staking.Terms, raw).parameters


def _stake(owner: Pubkey, raws: Raws) -> Stake:
    return stake_of(optional(staking.Position, raws[staking.position_address(owner)]))


def _closing(account: redundancy.Task) -> list[Pubkey]:
    """Returns the providers whose exposure may be closed next."""
    runs = account.runs[: account.joined]
    if has_ended(TaskState(account.state)):
        return [run.provider for run in runs if not run.released]
    return [run.provider for run in runs[-1:]] if account.state == TaskState.JOINING else []


def _snapshot(address: Pubkey, account: redundancy.Task, raws: Raws) -> TaskSnapshot:
    money = optional(escrow.Escrow, raws[escrow.escrow_address(address)])
    balance = tokens_of(raws[escrow.vault_address(address)])
    return TaskSnapshot(
        task=task_of(address, account),
        escrow=None if money is None else escrow_of(money, balance),
        payers=dict(_payers(address, account, raws)),
        version=f"{account.sequence}.{'-' if money is None else money.sequence}",
        sequences=tuple(
            (part.PROGRAM, part.sequence) for part in (account, money) if part is not None
        ),
    )


def _payers(
    address: Pubkey, account: redundancy.Task, raws: Raws
) -> Iterator[tuple[Pubkey, Pubkey]]:
    for provider in _closing(account):
        held = optional(staking.Exposure, raws[staking.exposure_address(address, provider)])
        if held is not None:
            yield provider, held.payer


async def task_mirror(reading: Reading) -> TaskMirror:
    """Returns a mirror of the tasks for one key, after its first read; raises ChainError."""
    mirror = TaskMirror(reading.gateway, [reading.owner], reading.poll_seconds)
    await mirror.refresh()
    return mirror
