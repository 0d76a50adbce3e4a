"""Verifier seats: what an owner and anybody else may do about them."""

from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.errors import BadInputError
from keeper.node.accounts import NOBODY, stake_of
from keeper.node.errors import NotRegisteredError, RoleError
from keeper.node.registration import Registrar
from neurolov_client import staking
from neurolov_client.bindings.job_registry import SEATS
from neurolov_client.bindings.staking import NO_SEAT, Tenure

SEATS_A_LOOK: Final = 64


class SeatError(RoleError, BadInputError):
    """A seat does not exist, or is not in the state that a step needs."""


@dataclass(frozen=True, slots=True)
class Seats:
    """Takes and gives up the seat of one owner, and ends the seats of others where due."""

    registrar: Registrar

    @property
    def _gateway(self) -> Gateway:
        return self.registrar.gateway

    async def take(self, collateral: int | None = None) -> int:
        """Take the lowest free seat unless one is held or bid for; returns its index.

        `collateral` is bound to the seat, in base units; None stands for all free stake. Raises
        NotRegisteredError where no seat is free.
        """
        position = await self.registrar.required_position()
        if position.seat != NO_SEAT:
            return position.seat
        seat = await self._free()
        bound = _free_stake(position) if collateral is None else collateral
        taking = staking.take_seat(index=seat, collateral=bound, owner=self.registrar.owner)
        await self.registrar.send(f"take_seat/{seat}", position.sequence, taking)
        return seat

    async def held(self) -> tuple[int, bool]:
        """Returns the index of the owner's seat, and whether it is not vacated.

        Raises NotRegisteredError without a seat; a mere bid is none.
        """
        position = await self.registrar.required_position()
        if position.seat == NO_SEAT or position.tenure == Tenure.HEIR:
            raise NotRegisteredError(
                f"{self.registrar.owner} holds no seat; run with its key: neurolov stake seat take"
            )
        return position.seat, position.tenure == Tenure.HELD

    async def add(self, amount: int) -> None:
        """Bind more base units to the seat."""
        position = await self._seated()
        adding = staking.add_collateral(amount=amount, owner=self.registrar.owner)
        await self.registrar.send(f"add_collateral/{amount}", position.sequence, adding)

    async def vacate(self) -> int:
        """Vacate the seat, which can be closed two epochs later; returns its index."""
        position = await self._seated()
        vacating = staking.vacate_seat(
            owner=self.registrar.owner, seat=staking.seat_address(position.seat)
        )
        await self.registrar.send(f"vacate_seat/{position.seat}", position.sequence, vacating)
        return position.seat

    async def displace(self, index: int, collateral: int | None = None) -> None:
        """Bid for a seat that another owner holds or has bid for.

        `collateral` is bound at once, in base units; None stands for all free stake. Raises
        SeatError.
        """
        position = await self.registrar.required_position()
        seat = await self._existing(index)
        displaced = seat.owner if seat.heir == NOBODY else seat.heir
        bound = _free_stake(position) if collateral is None else collateral
        bidding = staking.displace_seat(
            collateral=bound,
            owner=self.registrar.owner,
            seat=staking.seat_address(index),
            displaced=staking.position_address(displaced),
            displaced_owner=displaced,
        )
        await self.registrar.send(f"displace_seat/{index}", position.sequence, bidding)

    async def evict(self, index: int) -> None:
        """Vacate a seat of anybody whose collateral has fallen too low; raises SeatError."""
        seat = await self._existing(index)
        operation = f"evict_seat/{index}/{seat.taken_epoch}"
        await self.registrar.submitter.submit(operation, [eviction(index, seat.owner)], again=True)

    async def close(self, index: int) -> None:
        """Close a seat of anybody that was vacated two epochs ago; raises SeatError."""
        seat = await self._existing(index)
        step = closing(index, seat.owner, seat.heir)
        operation = f"close_seat/{index}/{seat.taken_epoch}"
        await self.registrar.submitter.submit(operation, [step], again=True)

    async def _seated(self) -> staking.Position:
        position = await self.registrar.required_position()
        if position.seat == NO_SEAT or position.tenure != Tenure.HELD:
            raise NotRegisteredError(
                f"{self.registrar.owner} holds no seat; run: neurolov stake seat take"
            )
        return position

    async def _existing(self, index: int) -> staking.Seat:
        seat = await self._gateway.fetch(staking.Seat, staking.seat_address(index))
        if seat is None:
            raise SeatError(f"seat {index} is free; run: neurolov stake seat take")
        return seat

    async def _free(self) -> int:
        for first in range(0, SEATS, SEATS_A_LOOK):
            seats = range(first, first + SEATS_A_LOOK)
            found = await self._gateway.accounts([staking.seat_address(seat) for seat in seats])
            for seat, raw in zip(seats, found, strict=True):
                if raw is None:
                    return seat
        raise NotRegisteredError(
            f"all {SEATS} verifier seats are taken; bid for one with: "
            "neurolov stake seat displace SEAT --collateral AMOUNT"
        )


def eviction(index: int, owner: Pubkey) -> Instruction:
    """Returns what vacates the seat of an owner whose collateral has fallen too low."""
    return staking.evict_seat(
        position=staking.position_address(owner), seat=staking.seat_address(index)
    )


def closing(index: int, owner: Pubkey, heir: Pubkey) -> Instruction:
    """Returns what closes a vacated seat, and hands it over unless `heir` is the default key."""
    return staking.close_seat(
        owner=owner,
        seat=staking.seat_address(index),
        even_snapshot=staking.snapshot_address(0),
        odd_snapshot=staking.snapshot_address(1),
        heir=None if heir == NOBODY else staking.position_address(heir),
    )


def _free_stake(position: staking.Position) -> int:
    """Returns the base units that a position can bind to a seat."""
    return stake_of(position).lease_room
