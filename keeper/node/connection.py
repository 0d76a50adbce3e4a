"""A party's connection to the chain, and an observer's without a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.compute import ComputeLane
from keeper.configuration import NodeSettings, load_keypair
from keeper.data import BlobClient, open_client
from keeper.node.accounts import optional, required
from keeper.node.operators import require_acting
from keeper.node.registration import Registrar
from keeper.node.seats import Seats
from keeper.node.services import Services, open_services
from keeper.node.vault import Vault
from neurolov_client import staking

MEASURED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that is needed to act for one owner; the submitter's key signs for it.

    `folder` is the node's.
    """

    services: Services
    submitter: Submitter
    owner: Pubkey
    mint: Pubkey
    folder: Path

    @property
    def gateway(self) -> Gateway:
        """The cluster's gateway."""
        return self.services.gateway

    @property
    def signer(self) -> Pubkey:
        """The address of the key that signs and pays: the owner's own, or its operator's."""
        return self.submitter.key

    @property
    def by_operator(self) -> bool:
        """Whether an operator signs for the owner."""
        return self.signer != self.owner

    @property
    def registrar(self) -> Registrar:
        """Stakes and registers the owner."""
        return Registrar(self.gateway, self.submitter, self.owner, self.mint)

    @property
    def seats(self) -> Seats:
        """The verifier seats, as the owner may act on them."""
        return Seats(self.registrar)

    @property
    def vault(self) -> Vault:
        """The node's secrets."""
        return Vault(self.folder)


@asynccontextmanager
async def open_connection(
    settings: NodeSettings, key_file: Path, owner: Pubkey | None = None
) -> AsyncIterator[Connection]:
    """Load the key, check the cluster, bring unfinished operations to their end.

    The key acts for `owner`, by default for itself. Raises KeyFileError, WrongClusterError,
    OperatorError where the owner has not named the key, and RoleError where no programs are
    deployed.
    """
    keypair = load_keypair(key_file)
    acting_for = keypair.pubkey() if owner is None else owner
    gateway = Gateway.of(settings)
    async with open_services(
        gateway, settings.folder, settings.poll_seconds, allow_private=settings.allow_private
    ) as services:
        submitter = services.submitter(keypair)
        pool, position = await gateway.accounts(
            [staking.pool_address(), staking.position_address(acting_for)]
        )
        mint = required(staking.Pool, pool).mint
        require_acting(optional(staking.Position, position), acting_for, keypair.pubkey())
        await submitter.resume()
        yield Connection(services, submitter, acting_for, mint, settings.folder)


@dataclass(frozen=True, slots=True)
class Observer:
    """What is needed to read only: no key, no journal."""

    gateway: Gateway
    client: BlobClient
    lane: ComputeLane


@asynccontextmanager
async def open_observer(settings: NodeSettings) -> AsyncIterator[Observer]:
    """Check the cluster; raises WrongClusterError."""
    with ComputeLane() as lane:
        async with (
            Gateway.of(settings) as gateway,
            open_client(allow_private=settings.allow_private) as client,
        ):
            yield Observer(gateway, client, lane)


async def slot_seconds(gateway: Gateway) -> float:
    """Returns the seconds per slot, measured over a second."""
    began, first = monotonic(), await gateway.slot()
    await asyncio.sleep(MEASURED_SECONDS)
    slots = await gateway.slot() - first
    return (monotonic() - began) / max(1, slots)
