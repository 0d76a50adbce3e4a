"""What a key needs before it may act: stake, a seat, a registration."""

from typing import Any, Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from idl.client import associated_token_address, find_address, job_registry, staking
from idl.client.bindings.job_registry import SEATS
from idl.client.bindings.staking import NO_SEAT
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.node.accounts import url_field
from keeper.node.errors import NotRegisteredError

SEATS_A_LOOK: Final = 64


class Registrar:
    """Stakes and registers one key. Steps that are already done are left out."""

    def __init__(self, gateway: Gateway, submitter: Submitter, owner: Pubkey, mint: Pubkey) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._owner = owner
        self._tokens = associated_token_address(owner, mint)

    async def position(self) -> staking.Position | None:
        """Returns the key's stake, None before it opened one."""
        address = staking.position_address(self._owner)
        return await self._gateway.fetch(staking.Position, address)

    async def summary(self) -> dict[str, Any]:
        """Returns the key's stake as a document; amounts are base units."""
        found = await self.position()
        if found is None:
            return {"owner": str(self._owner), "open": False}
        return {
            "owner": str(self._owner),
            "open": True,
            "staked": found.amount,
            "exposed": found.exposed,
            "unbonding": found.unbonding,
            "rewards_owed": found.rewards_owed,
            "seat": None if found.seat == NO_SEAT else found.seat,
        }

    async def open_position(self) -> None:
        """Open the position unless there is one."""
        if await self.position() is None:
            await self._send("open_position", 0, staking.open_position(owner=self._owner))

    async def stake(self, amount: int) -> None:
        """Add base units to the stake; opens the position first."""
        await self.open_position()
        position = await self._required_position()
        adding = staking.stake(amount=amount, owner=self._owner, source=self._tokens)
        await self._send(f"stake/{amount}", position.sequence, adding)

    async def unstake(self, amount: int) -> int:
        """Ask for base units back; returns the number of the ticket to withdraw by."""
        position = await self._required_position()
        asking = staking.request_unstake(
            amount=amount,
            owner=self._owner,
            ticket=ticket_address(self._owner, position.tickets),
        )
        await self._send(f"request_unstake/{amount}", position.sequence, asking)
        return position.tickets

    async def withdraw(self, ticket: int) -> None:
        """Pay out a matured ticket."""
        paying = staking.withdraw(
            owner=self._owner,
            ticket=ticket_address(self._owner, ticket),
            destination=self._tokens,
        )
        await self._send("withdraw", ticket, paying)

    async def claim_rewards(self) -> None:
        """Pay out what the stake has earned."""
        position = await self._required_position()
        claiming = staking.claim_rewards(owner=self._owner, destination=self._tokens)
        await self._send("claim_rewards", position.sequence, claiming)

    async def take_seat(self) -> int:
        """Take the lowest free seat unless one is held; returns its index."""
        position = await self._required_position()
        if position.seat != NO_SEAT:
            return position.seat
        seat = await self._free_seat()
        taking = staking.take_seat(index=seat, owner=self._owner)
        await self._send(f"take_seat/{seat}", position.sequence, taking)
        return seat

    async def register_provider(self, capability: job_registry.Capability) -> None:
        """Register, or update what has changed; raises NotRegisteredError without stake."""
        address = job_registry.provider_address(self._owner)
        known = await self._gateway.fetch(job_registry.Provider, address)
        if known is None:
            await self._required_position()
            step = job_registry.register_provider(capability=capability, owner=self._owner)
            await self._send("register_provider", 0, step)
        elif _capability(known) != capability or known.draining:
            step = job_registry.update_provider(
                capability=capability, draining=False, owner=self._owner
            )
            await self._send("update_provider", known.sequence, step)

    async def register_verifier(self, endpoint: str, memory_bytes: int) -> None:
        """Take a seat and register for it."""
        seat = await self.take_seat()
        address = job_registry.verifier_address(self._owner)
        if await self._gateway.fetch(job_registry.Verifier, address) is None:
            step = job_registry.register_verifier(
                endpoint=url_field(endpoint),
                memory_bytes=memory_bytes,
                owner=self._owner,
                seat=staking.seat_address(seat),
            )
            await self._send("register_verifier", 0, step)

    async def _required_position(self) -> staking.Position:
        position = await self.position()
        if position is None:
            raise NotRegisteredError(
                f"{self._owner} has no stake; run: neurolov stake open, then neurolov stake add"
            )
        return position

    async def _free_seat(self) -> int:
        for first in range(0, SEATS, SEATS_A_LOOK):
            seats = range(first, first + SEATS_A_LOOK)
            found = await self._gateway.accounts([staking.seat_address(seat) for seat in seats])
            for seat, raw in zip(seats, found, strict=True):
                if raw is None:
                    return seat
        raise NotRegisteredError(f"all {SEATS} verifier seats are taken; try again later")

    async def _send(self, name: str, sequence: int, instruction: Instruction) -> None:
        operation = f"{name}/{self._owner}/{sequence}"
        await self._submitter.submit(operation, [instruction], again=True)


def ticket_address(owner: Pubkey, ticket: int) -> Pubkey:
    """Returns the address of an owner's unbonding ticket by its number."""
    return find_address((b"ticket", bytes(owner), ticket.to_bytes(8, "little")), staking.ID)


def capability(
    *, ask: int, memory_bytes: int, rate: int, max_macs: int, endpoint: str
) -> job_registry.Capability:
    """Returns a provider's terms.

    `ask` is base units per 2^30 multiply-adds, `rate` multiply-adds per slot.
    """
    return job_registry.Capability(
        ask=ask,
        memory_bytes=memory_bytes,
        declared_rate=rate,
        max_macs=max_macs,
        endpoint=url_field(endpoint),
    )


def _capability(account: job_registry.Provider) -> job_registry.Capability:
    return job_registry.Capability(
        ask=account.ask,
        memory_bytes=account.memory_bytes,
        declared_rate=account.declared_rate,
        max_macs=account.max_macs,
        endpoint=account.endpoint,
    )
