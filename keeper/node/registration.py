"""What an owner needs before work is done for it: stake, a seat, a registration."""

from dataclasses import dataclass

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.node.accounts import url_field
from keeper.node.errors import EffectMissingError, NotRegisteredError
from keeper.node.operators import OperatorError
from keeper.node.payment import require_tokens
from neurolov_client import associated_token_address, job_registry, shard_of, staking


@dataclass(frozen=True, slots=True)
class Registrar:
    """Stakes and registers one owner. Steps that are already done are left out.

    An operator may set the availability of a provider; every other step needs the owner's own key
    and raises OperatorError where the submitter has another one.
    """

    gateway: Gateway
    submitter: Submitter
    owner: Pubkey
    mint: Pubkey

    @property
    def tokens(self) -> Pubkey:
        """The address of the owner's $NLOV account."""
        return associated_token_address(self.owner, self.mint)

    async def position(self) -> staking.Position | None:
        """Returns the owner's stake, None before it opened one."""
        return await _position(self.gateway, self.owner)

    async def set_operator(self, operator: Pubkey, budget: int) -> None:
        """Name the key that may act for the owner, with the base units that it may have at risk.

        The default key takes all rights away. Raises OperatorError where the key is the owner's.
        """
        position = await self.required_position()
        if operator == self.owner:
            raise OperatorError(
                f"{operator} is the owner's own key, which may do everything already; make another "
                "one with: neurolov key new"
            )
        naming = staking.set_operator(operator=operator, budget=budget, owner=self.owner)
        await self.send(f"set_operator/{operator}/{budget}", position.sequence, naming)

    async def open_position(self) -> None:
        """Open the position unless there is one."""
        if await self.position() is None:
            opening = staking.open_position(owner=self.owner)
            await self.send("open_position", 0, opening, missing=True)
            if await self.position() is None:
                raise EffectMissingError(
                    f"the position of {self.owner} has been opened, but the node at "
                    f"{self.gateway.url} does not know it; try again"
                )

    async def stake(self, amount: int) -> None:
        """Add base units to the stake; opens the position first.

        Raises InsufficientFundsError, and then has sent nothing, where the key holds too few.
        """
        await require_tokens(
            self.gateway, self.owner, self.mint, amount, work="stake", remedy=" or stake less"
        )
        await self.open_position()
        position = await self.required_position()
        adding = staking.stake(amount=amount, owner=self.owner, source=self.tokens)
        await self.send(f"stake/{amount}", position.sequence, adding)

    async def unstake(self, amount: int) -> int:
        """Ask for base units back; returns the number of the ticket to withdraw by."""
        position = await self.required_position()
        asking = staking.request_unstake(
            amount=amount,
            owner=self.owner,
            ticket=staking.ticket_address(self.owner, position.tickets),
        )
        await self.send(f"request_unstake/{amount}", position.sequence, asking)
        return position.tickets

    async def withdraw(self, ticket: int) -> None:
        """Pay out a matured ticket."""
        paying = staking.withdraw(
            owner=self.owner,
            ticket=staking.ticket_address(self.owner, ticket),
            destination=self.tokens,
        )
        await self.send("withdraw", ticket, paying)

    async def claim_rewards(self) -> None:
        """Pay out what the stake has earned."""
        position = await self.required_position()
        claiming = staking.claim_rewards(owner=self.owner, destination=self.tokens)
        await self.send("claim_rewards", position.sequence, claiming)

    async def register_provider(self, capability: job_registry.Capability) -> None:
        """Register, or update what has changed; raises NotRegisteredError without stake.

        An operator changes nothing but the endpoint. A provider that drains goes on draining.
        """
        known = await self.provider()
        if self.submitter.key != self.owner:
            if (known := self._registered(known)).endpoint != capability.endpoint:
                await self._set_availability(known, capability.endpoint, bool(known.draining))
        elif known is None:
            await self.required_position()
            step = job_registry.register_provider(capability=capability, owner=self.owner)
            await self.send("register_provider", 0, step)
        elif _capability(known) != capability:
            step = job_registry.update_provider(
                capability=capability, draining=bool(known.draining), owner=self.owner
            )
            await self.send("update_provider", known.sequence, step)

    async def provider(self) -> job_registry.Provider | None:
        """Returns the owner's registration as a provider, None where there is none."""
        address = job_registry.provider_address(self.owner)
        return await self.gateway.fetch(job_registry.Provider, address)

    async def set_draining(self, draining: bool) -> None:
        """Tell the chain whether the provider takes no more jobs; raises NotRegisteredError."""
        known = self._registered(await self.provider())
        if bool(known.draining) != draining:
            await self._set_availability(known, known.endpoint, draining)

    async def deregister_provider(self) -> int:
        """Close the registration as a provider; returns the lamports that come back to the owner.

        Its reputation is gone with it. Raises NotRegisteredError.
        """
        known = self._registered(await self.provider())
        step = job_registry.deregister_provider(
            owner=self.owner, utilisation=job_registry.utilisation_address(shard_of(self.owner))
        )
        rent = await self.gateway.balance(job_registry.provider_address(self.owner))
        await self.send("deregister_provider", known.sequence, step)
        return rent

    async def deregister_verifier(self) -> int:
        """Close the registration as a verifier; returns the lamports that come back to the owner.

        They are 0 where there is no registration.
        """
        address = job_registry.verifier_address(self.owner)
        known = await self.gateway.fetch(job_registry.Verifier, address)
        if known is None:
            return 0
        rent = await self.gateway.balance(address)
        step = job_registry.deregister_verifier(owner=self.owner)
        await self.send("deregister_verifier", known.sequence, step)
        return rent

    async def register_verifier(self, endpoint: str, memory_bytes: int, seat: int) -> None:
        """Register for a seat unless that has been done."""
        address = job_registry.verifier_address(self.owner)
        if await self.gateway.fetch(job_registry.Verifier, address) is None:
            step = job_registry.register_verifier(
                endpoint=url_field(endpoint),
                memory_bytes=memory_bytes,
                owner=self.owner,
                seat=staking.seat_address(seat),
            )
            await self.send("register_verifier", 0, step)

    async def required_position(self) -> staking.Position:
        """Returns the owner's stake; raises NotRegisteredError where it has none."""
        return await required_position(self.gateway, self.owner)

    async def send(
        self, name: str, sequence: int, instruction: Instruction, *, missing: bool = False
    ) -> None:
        """Submit a step that the owner signs itself.

        `sequence` tells apart steps of the same name; for `missing` see `Submitter.submit`. Raises
        OperatorError and ChainError.
        """
        self.require_owner(name.partition("/")[0].replace("_", " "))
        await self._submit(name, sequence, instruction, missing=missing)

    def require_owner(self, step: str) -> None:
        """Raise OperatorError where the submitter's key is not the owner's own."""
        if self.submitter.key != self.owner:
            raise OperatorError(f"only the key of {self.owner} may do this: {step}")

    def _registered(self, known: job_registry.Provider | None) -> job_registry.Provider:
        if known is None:
            raise NotRegisteredError(
                f"{self.owner} is not registered as a provider; run with its key: "
                "neurolov provider register"
            )
        return known

    async def _set_availability(
        self, known: job_registry.Provider, endpoint: bytes, draining: bool
    ) -> None:
        step = job_registry.set_availability(
            endpoint=endpoint,
            draining=draining,
            signer=self.submitter.key,
            position=staking.position_address(self.owner),
            provider=job_registry.provider_address(self.owner),
        )
        await self._submit("set_availability", known.sequence, step)

    async def _submit(
        self, name: str, sequence: int, instruction: Instruction, *, missing: bool = False
    ) -> None:
        operation = f"{name}/{self.owner}/{sequence}"
        await self.submitter.submit(operation, [instruction], again=True, missing=missing)


async def required_position(gateway: Gateway, owner: Pubkey) -> staking.Position:
    """Returns an owner's stake; raises NotRegisteredError where it has none, and ChainError."""
    position = await _position(gateway, owner)
    if position is None:
        raise NotRegisteredError(f"{owner} has no stake; run: neurolov stake add AMOUNT")
    return position


async def _position(gateway: Gateway, owner: Pubkey) -> staking.Position | None:
    return await gateway.fetch(staking.Position, staking.position_address(owner))


def capability(
    *, ask: int, memory_bytes: int, rate: int, max_macs: int, endpoint: str
) -> job_registry.Capability:
    """Returns what a provider offers.

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
