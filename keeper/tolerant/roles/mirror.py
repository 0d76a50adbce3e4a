"""The tasks, and what belongs to them, as the roles of one process see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from idl.client import SLOT_HASHES, Event, escrow, redundancy, staking
from keeper.chain.gateway import Gateway
from keeper.node.accounts import escrow_of, optional, owned, required, slot_hashes_of, tokens_of
from keeper.node.changes import Counter, Notice, sequence_of
from keeper.node.connection import Connection
from keeper.node.mirror import BaseView, Mirror
from keeper.telemetry import METRICS
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.accounts import task_of

Raws = Mapping[Pubkey, RawAccount | None]


@dataclass(slots=True)
class TaskView(BaseView):
    """What is known of the chain.

    `free_stake` is base units that are neither exposed nor leaving, by owner.
    """

    mint: Pubkey
    params: redundancy.Params
    posting_fee: int
    total_staked: int
    free_stake: Mapping[Pubkey, int]
    tasks: Mapping[Pubkey, TaskSnapshot]


class TaskMirror(Mirror[TaskView]):
    """See `Mirror`. `parties` are the keys whose stake is read."""

    def __init__(self, gateway: Gateway, parties: Iterable[Pubkey], poll_seconds: float) -> None:
        super().__init__(gateway, poll_seconds)
        self._parties = tuple(parties)

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
        config, money, pool = (
            redundancy.config_address(), escrow.config_address(), staking.pool_address()
        )  # fmt: skip
        addresses = [config, money, pool, *map(staking.position_address, self._parties)]
        if any(account.state == TaskState.JOINING for account in found.values()) or any(
            each.task.state is TaskState.JOINING for each in kept.values()
        ):
            addresses.append(SLOT_HASHES)
        for task in found:
            addresses += [escrow.escrow_address(task), escrow.vault_address(task)]
        raws = dict(zip(addresses, await self.gateway.accounts(addresses), strict=True))
        stakes = required(staking.Pool, raws[pool])
        tasks = {**kept, **{task: _snapshot(task, each, raws) for task, each in found.items()}}
        METRICS.set("tasks", len(tasks))
        return TaskView(
            slot=slot,
            swept_slot=swept_slot,
            slot_hashes=slot_hashes_of(raws.get(SLOT_HASHES)),
            mint=stakes.mint,
            params=required(redundancy.Config, raws[config]).params,
            posting_fee=required(escrow.Config, raws[money]).params.posting_fee,
            total_staked=stakes.total_staked,
            free_stake={owner: _free_stake(owner, raws) for owner in self._parties},
            tasks=tasks,
        )


def _free_stake(owner: Pubkey, raws: Raws) -> int:
    position = optional(staking.Position, raws[staking.position_address(owner)])
    return 0 if position is None else position.amount - position.exposed


def _snapshot(address: Pubkey, account: redundancy.Task, raws: Raws) -> TaskSnapshot:
    money = optional(escrow.Escrow, raws[escrow.escrow_address(address)])
    balance = tokens_of(raws[escrow.vault_address(address)])
    return TaskSnapshot(
        task=task_of(address, account),
        escrow=None if money is None else escrow_of(money, balance),
        version=f"{account.sequence}.{'-' if money is None else money.sequence}",
        sequences=tuple(
            (part.PROGRAM, part.sequence) for part in (account, money) if part is not None
        ),
    )


async def task_mirror(connection: Connection) -> TaskMirror:
    """Returns a mirror of the tasks for one key, after its first read; raises ChainError."""
    services = connection.services
    mirror = TaskMirror(services.gateway, [connection.owner], services.poll_seconds)
    await mirror.refresh()
    return mirror
