"""What an owner's stake consists of now: free, at risk, bound to a seat, on its way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.node.accounts import optional, required, stake_of
from keeper.node.decisions.stake import Stake
from neurolov_client import staking
from neurolov_client.bindings.staking import NO_SEAT, Tenure

_LIMB_BITS: Final = 64
_Q64: Final = 64


@dataclass(frozen=True, slots=True)
class UnbondingTicket:
    """Stake that was asked back, in base units; it can be withdrawn from slot `available` on."""

    number: int
    amount: int
    available: int


@dataclass(frozen=True, slots=True)
class Holding:
    """An owner's position as of `slot`, with its tickets, the earliest first.

    `position` is None before the owner has opened one.
    """

    owner: Pubkey
    slot: int
    pool: staking.Pool
    position: staking.Position | None
    tickets: tuple[UnbondingTicket, ...]

    @classmethod
    async def of(cls, gateway: Gateway, owner: Pubkey) -> Self:
        """Returns an owner's holding; raises RoleError without programs, and ChainError."""
        slot = await gateway.slot()
        pool, position = await gateway.accounts(
            [staking.pool_address(), staking.position_address(owner)]
        )
        tickets = await gateway.program_accounts(staking.Ticket, {"owner": owner})
        return cls(
            owner=owner,
            slot=slot,
            pool=required(staking.Pool, pool),
            position=optional(staking.Position, position),
            tickets=_in_order([ticket for _, ticket in tickets]),
        )

    @property
    def stake(self) -> Stake:
        """The position as stake that can take work."""
        return stake_of(self.position)

    @property
    def free(self) -> int:
        """Base units that nothing binds: they can be unstaked, bound to a seat, or back leases."""
        return self.stake.lease_room

    @property
    def leased(self) -> int:
        """Base units that jobs and runs expose."""
        return 0 if self.position is None else self.position.exposed - self.position.balloted

    @property
    def counts_from(self) -> int | None:
        """The slot from which work is posted that counts all present stake; None where it does."""
        slots = self.pool.checkpoint_slots
        first = self.stake.counts_from(self.slot // slots) * slots
        return first if first > self.slot else None

    @property
    def seat(self) -> int | None:
        """The index of the seat that is held, bid for or vacated; None without one."""
        none = self.position is None or self.position.seat == NO_SEAT
        return None if none or self.position is None else self.position.seat

    @property
    def seat_state(self) -> str | None:
        """How the seat is held; None without one."""
        if self.seat is None or self.position is None:
            return None
        return Tenure(self.position.tenure).name.lower()

    @property
    def rewards(self) -> int:
        """Base units that `claim_rewards` pays now, by the rule of staking's pool."""
        position, pool = self.position, self.pool
        if position is None:
            return 0
        index = _wide(pool.reward_index)
        if pool.total_staked:
            streamed = max(0, min(self.slot, pool.period_end) - pool.last_update)
            index += _wide(pool.reward_rate) * streamed // pool.total_staked
        growth = index - _wide(position.reward_index)
        return position.rewards_owed + (growth * position.amount >> _Q64)

    @property
    def matured(self) -> tuple[UnbondingTicket, ...]:
        """The tickets that can be withdrawn now."""
        return tuple(ticket for ticket in self.tickets if ticket.available <= self.slot)

    @property
    def next_maturity(self) -> UnbondingTicket | None:
        """The ticket that matures next; None where none is waiting."""
        waiting = (ticket for ticket in self.tickets if ticket.available > self.slot)
        return next(waiting, None)


def _in_order(found: Sequence[staking.Ticket]) -> tuple[UnbondingTicket, ...]:
    tickets = (UnbondingTicket(each.id, each.amount, each.available_slot) for each in found)
    return tuple(sorted(tickets, key=lambda ticket: (ticket.available, ticket.number)))


def _wide(limbs: Sequence[int]) -> int:
    """Returns a number of two 64-bit limbs, the low one first."""
    low, high = limbs
    return low | high << _LIMB_BITS
