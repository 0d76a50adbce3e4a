"""The staking program beside the simulation's model of it, step by step."""

from dataclasses import dataclass, field
from typing import Final, Self

from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import pool, position, seat, snapshot
from keeper.lab.simulation.checkpoints import Checkpoint, Pool, Position
from neurolov_client import staking
from neurolov_client.bindings.job_registry import SEATS
from neurolov_client.bindings.staking import NO_SEAT, Tenure
from tests.programs.forging import Caller
from tests.programs.staking.exposures import lock, slash, unlock
from tests.programs.staking.seats import closing, seat_of, vacating
from tests.world import NLOV, Actor, World

OWNERS: Final = 3
UNIT: Final = 50 * NLOV
"""All amounts are multiples of half the least collateral."""
CAPITAL: Final = 100 * UNIT


@dataclass(slots=True)
class Holder:
    """One owner, on the chain and in the model."""

    actor: Actor
    model: Position
    seat: int
    balloted: int = 0
    lost: int = 0
    lost_before: dict[int, int] = field(default_factory=dict)
    leases: dict[Pubkey, int] = field(default_factory=dict)
    ballots: dict[Pubkey, int] = field(default_factory=dict)


@dataclass(slots=True)
class Books:
    """A world and the model, which take the same steps, and what each window began with."""

    world: World
    pool: Pool
    holders: list[Holder]
    registry: Caller
    verdict: Caller
    jobs: int = 0
    began: dict[int, tuple[list[int], int]] = field(default_factory=dict)

    @classmethod
    def opened(cls) -> Self:
        """Returns books whose owners have positions and capital but no stake."""
        world = World.fresh()
        holders = []
        for index in range(OWNERS):
            actor = world.actor(f"owner {index}", tokens=CAPITAL)
            world.send(staking.open_position(owner=actor.key), signers=[actor])
            holders.append(Holder(actor, Position(), index))
        model = Pool(CHECKPOINT_SLOTS, [each.model for each in holders])
        registry, verdict = Caller(world, "job_registry"), Caller(world, "verdict")
        books = cls(world, model, holders, registry, verdict)
        books.wait(CHECKPOINT_SLOTS)
        return books

    def wait(self, slots: int) -> None:
        """Lets slots pass and notes what each window that begins meanwhile begins with."""
        first = max(self.began, default=self.world.window) + 1
        self.world.warp(slots)
        amounts = [each.model.amount for each in self.holders]
        for window in range(first, self.world.window + 1):
            self.began[window] = amounts, self.pool.leasable

    def stake(self, holder: Holder, amount: int) -> None:
        """Stakes as much as the owner still has, up to `amount`."""
        amount = min(amount, self.world.tokens(holder.actor))
        if not amount:
            return
        self.pool.stake(self.world.slot, holder.model, amount)
        adding = staking.stake(amount=amount, owner=holder.actor.key, source=holder.actor.tokens)
        self.world.send(adding, signers=[holder.actor])

    def unstake(self, holder: Holder, amount: int) -> None:
        """Unstakes, or asserts that what is bound cannot leave."""
        tickets = position(self.world, holder.actor).tickets
        leaving = staking.request_unstake(
            amount=amount,
            owner=holder.actor.key,
            ticket=staking.ticket_address(holder.actor.key, tickets),
        )
        try:
            self.pool.request_unstake(self.world.slot, holder.model, amount)
        except ValueError:
            self.world.fails("InsufficientFreeStake", leaving, signers=[holder.actor])
        else:
            self.world.send(leaving, signers=[holder.actor])

    def lease(self, holder: Holder, amount: int) -> None:
        """Exposes stake by a lease, or asserts that there is not enough."""
        job = self._new_job()
        exposing = lock(job, holder.actor, self.registry.key, amount, 0)
        try:
            self.pool.lease(holder.model, amount)
        except ValueError:
            self.registry.fails("InsufficientFreeStake", exposing)
        else:
            self.registry.send(exposing)
            holder.leases[job] = amount

    def release(self, holder: Holder) -> None:
        """Releases the oldest lease, then the oldest ballot."""
        if holder.leases:
            job = next(iter(holder.leases))
            self.pool.release(holder.model, holder.leases.pop(job))
            self.registry.send(unlock(job, holder.actor, self.registry.key, close=True))
        if holder.ballots:
            job = next(iter(holder.ballots))
            holder.balloted -= holder.ballots.pop(job)
            self.verdict.send(unlock(job, holder.actor, self.verdict.key, close=True))

    def convict(self, holder: Holder, amount: int) -> None:
        """Slashes the oldest lease by up to `amount` and releases what is left."""
        if not holder.leases:
            return
        job, exposed = next(iter(holder.leases.items()))
        amount = min(amount, exposed)
        self.pool.slash_lease(self.world.slot, holder.model, amount)
        self.verdict.send(slash(self.world, job, holder.actor, amount, self.world.treasury))
        self.registry.send(unlock(job, holder.actor, self.registry.key, close=True))
        self.pool.release(holder.model, holder.leases.pop(job) - amount)

    def sit(self, holder: Holder, amount: int) -> None:
        """Takes the owner's seat where it has none and the collateral is free."""
        held = position(self.world, holder.actor)
        if held.seat != NO_SEAT or amount < 2 * UNIT or amount > holder.model.lease_room:
            return
        self.pool.bind(self.world.slot, holder.model, amount)
        seat(self.world, holder.actor, holder.seat, amount)

    def vote(self, holder: Holder, amount: int) -> None:
        """Exposes collateral by a ballot, or asserts that there is not enough."""
        job = self._new_job()
        exposing = lock(job, holder.actor, self.verdict.key, amount, 0)
        if holder.balloted + amount > holder.model.collateral:
            self.verdict.fails("InsufficientCollateral", exposing)
            return
        self.verdict.send(exposing)
        holder.ballots[job] = amount
        holder.balloted += amount

    def punish(self, holder: Holder, amount: int) -> None:
        """Slashes the oldest ballot by up to `amount`, or fines where there is none."""
        if holder.ballots:
            job = next(iter(holder.ballots))
            exposed = holder.ballots.pop(job)
            amount = min(amount, exposed)
            self.pool.slash_collateral(self.world.slot, holder.model, amount)
            self.verdict.send(slash(self.world, job, holder.actor, amount, self.world.treasury))
            self.verdict.send(unlock(job, holder.actor, self.verdict.key, close=True))
            holder.balloted -= exposed
        else:
            fine = staking.fine(
                fine=amount,
                position=staking.position_address(holder.actor.key),
                destination=self.world.treasury,
            )
            amount = min(amount, holder.model.collateral)
            self.pool.slash_collateral(self.world.slot, holder.model, amount)
            self.verdict.send(fine)
        holder.lost += amount

    def leave(self, holder: Holder) -> None:
        """Vacates the owner's seat, or closes it once that is allowed."""
        held = position(self.world, holder.actor)
        if held.seat == NO_SEAT:
            return
        if held.tenure == Tenure.HELD:
            leaving = vacating(holder.actor, holder.seat)
            self.world.send(leaving, signers=[holder.actor])
            return
        ready = self.world.window >= seat_of(self.world, holder.seat).vacated_epoch + 2
        if not ready or holder.seat in self._shown():
            self.world.fails("SeatStillDrawable", closing(holder.actor, holder.seat))
        elif holder.balloted:
            self.world.fails("BallotsOpen", closing(holder.actor, holder.seat))
        else:
            self.pool.free(self.world.slot, holder.model)
            self.world.send(closing(holder.actor, holder.seat))

    def snap(self) -> None:
        """Takes this window's snapshot where there is none yet."""
        taken = self._snapshot(self.world.window % 2)
        if taken.epoch != self.world.window:
            snapshot(self.world)
            for holder in self.holders:
                holder.lost_before[self.world.window % 2] = holder.lost

    def check(self) -> None:
        """Asserts that chain, model and the full history agree, and that no room is negative."""
        staked = pool(self.world)
        assert rings(staked.staked_history) == self.pool.staked_history.ring
        assert rings(staked.lease_history) == self.pool.lease_history.ring
        assert (staked.total_staked, staked.collateral) == (
            self.pool.staked,
            self.pool.collateral,
        )
        for holder in self.holders:
            held, model = position(self.world, holder.actor), holder.model
            assert rings(held.history) == model.history.ring
            assert (held.amount, held.collateral) == (model.amount, model.collateral)
            assert (held.balloted, held.exposed - held.balloted) == (
                holder.balloted,
                model.leased,
            )
            assert 0 <= held.balloted <= held.collateral
            assert 0 <= held.exposed - held.balloted <= held.amount - held.collateral
        self._check_windows()
        self._check_snapshots()

    def _check_windows(self) -> None:
        for window, (amounts, leasable) in self.began.items():
            stood = [each.model.at(window) for each in self.holders]
            for now, then in zip(stood, amounts, strict=True):
                assert now in {0, then}, "a position counts what it had then, or is forgotten"
            assert sum(stood) <= sum(amounts)
            assert self.pool.staked_history.at(window, self.pool.staked) in {0, sum(amounts)}
            assert self.pool.lease_history.at(window, self.pool.leasable) in {0, leasable}
            if window > self.world.window - 8:
                assert stood == amounts, "eight windows are never forgotten"

    def _check_snapshots(self) -> None:
        for parity in (0, 1):
            sums = self._snapshot(parity).sums
            for holder in self.holders:
                lost_since = holder.lost - holder.lost_before.get(parity, 0)
                bound = holder.model.collateral + lost_since
                assert weight_of(sums, holder.seat) <= bound, "only losses unbind what weighs"

    def _shown(self) -> set[int]:
        return {
            holder.seat
            for holder in self.holders
            for parity in (0, 1)
            if weight_of(self._snapshot(parity).sums, holder.seat)
        }

    def _snapshot(self, parity: int) -> staking.Snapshot:
        return self.world.fetch(staking.Snapshot, staking.snapshot_address(parity))

    def _new_job(self) -> Pubkey:
        self.jobs += 1
        return Pubkey(self.jobs.to_bytes(32, "big"))


def rings(history: staking.History) -> tuple[Checkpoint, ...]:
    """Returns the stored changes as the model keeps them."""
    return tuple(Checkpoint(each.window, each.amount) for each in history.ring)


def weight_of(sums: tuple[int, ...], index: int) -> int:
    """Returns the weight of one seat in a Fenwick tree."""
    return _prefix(sums, index + 1) - _prefix(sums, index)


def _prefix(sums: tuple[int, ...], count: int) -> int:
    assert len(sums) == SEATS
    total = 0
    while count:
        total += sums[count - 1]
        count -= count & -count
    return total
