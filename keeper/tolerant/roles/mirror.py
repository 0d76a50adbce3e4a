"""The tasks, and what hangs on them, as the roles of one process see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from idl.client import SLOT_HASHES, escrow, redundancy, staking
from keeper.chain.gateway import Gateway
from keeper.exact.roles.conversion import escrow_of
from keeper.journal import Journal
from keeper.node.sweep import Mirror, Sweep, optional, required, slot_hashes_of, tokens_of
from keeper.telemetry import METRICS
from keeper.tolerant.decisions.state import TaskSnapshot, TaskState
from keeper.tolerant.roles.conversion import task_of


@dataclass(slots=True)
class TaskView(Sweep):
    """One sweep; free_stake is base units that are neither exposed nor leaving, by owner."""

    mint: Pubkey
    params: redundancy.Params
    posting_fee: int
    total_staked: int
    free_stake: Mapping[Pubkey, int]
    tasks: Mapping[Pubkey, TaskSnapshot]


class TaskMirror(Mirror[TaskView]):
    """See `Mirror`; parties are the keys whose stake is read."""

    def __init__(
        self,
        gateway: Gateway,
        parties: Iterable[Pubkey],
        poll_seconds: float,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(gateway, (redundancy.PROGRAM,), poll_seconds, journal)
        self._parties = tuple(parties)

    async def _sweep(self, slot: int) -> TaskView:
        found = await self.gateway.program_accounts(redundancy.Task)
        config, money, pool = (
            redundancy.config_address(), escrow.config_address(), staking.pool_address()
        )  # fmt: skip
        addresses = [config, money, pool, *map(staking.position_address, self._parties)]
        if any(account.state == TaskState.JOINING for _, account in found):
            addresses.append(SLOT_HASHES)
        for task, _ in found:
            addresses += [escrow.escrow_address(task), escrow.vault_address(task)]
        raws = dict(zip(addresses, await self.gateway.accounts(addresses), strict=True))
        stakes = required(staking.Pool, raws[pool])
        METRICS.set("tasks", len(found))
        return TaskView(
            slot=slot,
            swept_slot=slot,
            slot_hashes=slot_hashes_of(raws.get(SLOT_HASHES)),
            mint=stakes.mint,
            params=required(redundancy.Config, raws[config]).params,
            posting_fee=required(escrow.Config, raws[money]).params.posting_fee,
            total_staked=stakes.total_staked,
            free_stake={owner: _free_stake(owner, raws) for owner in self._parties},
            tasks={address: _snapshot(address, account, raws) for address, account in found},
        )


def _free_stake(owner: Pubkey, raws: Mapping[Pubkey, RawAccount | None]) -> int:
    position = optional(staking.Position, raws[staking.position_address(owner)])
    return 0 if position is None else position.amount - position.exposed


def _snapshot(
    address: Pubkey, account: redundancy.Task, raws: Mapping[Pubkey, RawAccount | None]
) -> TaskSnapshot:
    money = optional(escrow.Escrow, raws[escrow.escrow_address(address)])
    balance = tokens_of(raws[escrow.vault_address(address)])
    return TaskSnapshot(
        task=task_of(address, account),
        escrow=None if money is None else escrow_of(money, balance),
        version=f"{account.sequence}.{'-' if money is None else money.sequence}",
    )
