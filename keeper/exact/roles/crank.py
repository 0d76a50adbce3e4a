"""The crank: keeps every job and every epoch moving, for the tips."""

from dataclasses import replace

from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.exact.decisions import crank as rules
from keeper.exact.decisions.actions import (
    ApplyAuthority,
    ApplyTerms,
    CloseSeat,
    CollectFee,
    EmitRewards,
    EvictSeat,
    RollMarket,
    SweepFees,
    TakeSnapshot,
)
from keeper.exact.decisions.crank import CrankSnapshot, Epochs, Queue
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.accounts import collateralised
from keeper.exact.roles.mirror import JobMirror, View
from keeper.exact.roles.role import Role
from keeper.node.accounts import tokens_of
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.loop import REFUSAL_SLOTS
from neurolov_client import SHARDS, escrow, job_registry, shard_of, staking


class Crank(Role):
    """Cranks for one key."""

    name = "crank"

    def __init__(self, mirror: JobMirror, submitter: Submitter, owner: Pubkey) -> None:
        super().__init__(mirror, submitter, owner)
        self._done: dict[type[Action], int] = {}
        self._aside: dict[Action, int] = {}
        self._seats: tuple[EvictSeat | CloseSeat, ...] = ()
        self.fee_shards: tuple[int, ...] = ()

    def decide(self, view: View, jobs: tuple[JobSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.exact.decisions.crank`; none while it drains."""
        if self.drain.begun:
            return Wait()
        epochs = Epochs(
            slots=view.checkpoint_slots,
            snapshot=self._done.get(TakeSnapshot),
            market=self._done.get(RollMarket),
            emitted=self._done.get(EmitRewards),
            fee_shards=self.fee_shards,
        )
        return rules.next_action(
            CrankSnapshot(
                owner=self.owner,
                jobs=jobs,
                epochs=epochs,
                queue=self._queue(view),
                seats=self._seats,
            ),
            clock,
        )

    def _queue(self, view: View) -> Queue:
        """Returns what is queued, without what was refused a short while ago."""
        queue = view.queue
        self._aside = {step: until for step, until in self._aside.items() if view.slot < until}
        if queue.terms is not None and ApplyTerms(queue.terms.version) in self._aside:
            queue = replace(queue, terms=None)
        if queue.authority_slot is not None and ApplyAuthority(queue.authority_slot) in self._aside:
            queue = replace(queue, authority_slot=None)
        return queue

    async def perform(self, action: Action, view: View) -> None:
        """Send the action, and remember which chores are done."""
        await super().perform(action, view)
        self._finish(action)
        match action:
            case CollectFee(job):
                self.fee_shards = tuple(sorted({*self.fee_shards, shard_of(job)}))
            case TakeSnapshot(epoch):
                await self._read_vaults(epoch)
                await self._read_seats(epoch, view.terms.parameters.staking.min_verifier_stake)

    def refused(self, action: Action, view: View) -> None:
        """Note a refused chore as done: somebody else did it, and the next is due next epoch."""
        super().refused(action, view)
        if isinstance(action, ApplyTerms | ApplyAuthority):
            self._aside[action] = view.slot + REFUSAL_SLOTS
        self._finish(action)

    def _finish(self, action: Action) -> None:
        match action:
            case TakeSnapshot(epoch) | RollMarket(epoch) | EmitRewards(epoch):
                self._done[type(action)] = epoch
            case SweepFees(shard):
                self.fee_shards = tuple(other for other in self.fee_shards if other != shard)
            case EvictSeat() | CloseSeat():
                self._seats = tuple(other for other in self._seats if other != action)

    async def recover(self) -> None:
        """Read the chain, and which of the epoch's chores are done."""
        await super().recover()
        gateway = self.mirror.gateway
        addresses = [staking.snapshot_address(parity) for parity in range(2)]
        snapshots = await gateway.fetch_all(staking.Snapshot, addresses)
        taken = [each.epoch for each in snapshots if each is not None and each.taken_slot]
        if taken:
            self._done[TakeSnapshot] = max(taken)
            await self._read_vaults(max(taken))
            minimum = self.mirror.view.terms.parameters.staking.min_verifier_stake
            await self._read_seats(max(taken), minimum)
        market = await gateway.fetch(job_registry.Market, job_registry.market_address())
        if market is not None:
            self._done[RollMarket] = market.epoch

    async def _read_vaults(self, epoch: int) -> None:
        """Read which fee vaults hold something; without emission left there is none to move."""
        vaults = [escrow.fees_address(shard) for shard in range(SHARDS)]
        *fees, emission = await self.mirror.gateway.accounts(
            [*vaults, staking.emission_vault_address()]
        )
        self.fee_shards = tuple(shard for shard, raw in enumerate(fees) if tokens_of(raw))
        if not tokens_of(emission):
            self._done[EmitRewards] = epoch

    async def _read_seats(self, epoch: int, minimum: int) -> None:
        """Read which seats to evict or close; `minimum` is the least collateral of a new one."""
        gateway = self.mirror.gateway
        seats = dict(await gateway.program_accounts(staking.Seat)).values()
        addresses = [staking.position_address(seat.owner) for seat in seats]
        positions = await gateway.fetch_all(staking.Position, addresses)
        chores = (
            rules.seat_chore(collateralised(seat, position), epoch, minimum)
            for seat, position in zip(seats, positions, strict=True)
            if position is not None
        )
        self._seats = tuple(chore for chore in chores if chore is not None)
