"""A party's connection to the chain, a reader's without a journal, an observer's without a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.compute import ComputeLane, Lane
from keeper.configuration import NodeSettings, load_keypair
from keeper.data import BlobClient, open_client
from keeper.node.accounts import optional, required
from keeper.node.folder import folder_of
from keeper.node.occupancy import Role
from keeper.node.operators import require_acting
from keeper.node.registration import Registrar
from keeper.node.seats import Seats
from keeper.node.services import Services, open_services
from keeper.node.vault import Vault
from neurolov_client import staking

MEASURED_SECONDS = 1.0


class Reading(Protocol):
    """What is needed to read for one owner: a connection has it, and a reader."""

    @property
    def gateway(self) -> Gateway:
        """The cluster's gateway."""
        ...

    @property
    def client(self) -> BlobClient:
        """What fetches data from others."""
        ...

    @property
    def lane(self) -> Lane:
        """Where long computations run."""
        ...

    @property
    def owner(self) -> Pubkey:
        """The party that is read for."""
        ...

    @property
    def mint(self) -> Pubkey:
        """The mint of $NLOV."""
        ...

    @property
    def folder(self) -> Path:
        """Where the node keeps what belongs to the chain."""
        ...

    @property
    def poll_seconds(self) -> float:
        """The pause between polls of the chain."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that is needed to act for one owner; the submitter's key signs for it.

    `folder` is where the node keeps what belongs to the chain.
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
    def client(self) -> BlobClient:
        """What fetches data from others."""
        return self.services.client

    @property
    def lane(self) -> Lane:
        """Where long computations run."""
        return self.services.lane

    @property
    def poll_seconds(self) -> float:
        """The pause between polls of the chain."""
        return self.services.poll_seconds

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
    settings: NodeSettings,
    key_file: Path,
    owner: Pubkey | None = None,
    *,
    role: Role | None = None,
) -> AsyncIterator[Connection]:
    """Load the key, check the cluster, bring unfinished operations to their end.

    The key acts for `owner`, by default for itself. Several processes may be connected at once;
    a `role` is held by one of them. Raises KeyFileError, WrongClusterError, OtherChainError where
    the folder belongs to another chain, RoleTakenError, OperatorError where the owner has not named
    the key, and RoleError where no programs are deployed.
    """
    keypair = load_keypair(key_file)
    acting_for = keypair.pubkey() if owner is None else owner
    async with open_services(
        Gateway.of(settings),
        settings.folder,
        settings.poll_seconds,
        allow_private=settings.allow_private,
        fresh=settings.fresh,
        role=role,
    ) as services:
        submitter = services.submitter(keypair)
        pool, position = await services.gateway.accounts(
            [staking.pool_address(), staking.position_address(acting_for)]
        )
        mint = required(staking.Pool, pool).mint
        require_acting(optional(staking.Position, position), acting_for, keypair.pubkey())
        await submitter.resume()
        yield Connection(services, submitter, acting_for, mint, services.folder)


@dataclass(frozen=True, slots=True)
class Reader:
    """What is needed to read for one owner: no journal, so nothing can be sent.

    `folder` is where the node keeps what belongs to the chain; it may not exist yet.
    """

    gateway: Gateway
    client: BlobClient
    lane: Lane
    owner: Pubkey
    mint: Pubkey
    folder: Path
    poll_seconds: float


@asynccontextmanager
async def open_reader(
    settings: NodeSettings, key_file: Path, owner: Pubkey | None = None
) -> AsyncIterator[Reader]:
    """Check the cluster and read for `owner`, by default for the key; writes nothing.

    The key file is read only where no owner is named. A role that runs on the folder is not
    disturbed. Raises KeyFileError, WrongClusterError, OtherChainError, and RoleError where no
    programs are deployed.
    """
    reading_for = load_keypair(key_file).pubkey() if owner is None else owner
    async with open_observer(settings) as observer:
        pool = await observer.gateway.account(staking.pool_address())
        mint = required(staking.Pool, pool).mint
        yield Reader(
            gateway=observer.gateway,
            client=observer.client,
            lane=observer.lane,
            owner=reading_for,
            mint=mint,
            folder=observer.folder(),
            poll_seconds=settings.poll_seconds,
        )


@dataclass(frozen=True, slots=True)
class Observer:
    """What is needed to read for nobody in particular: no key, no journal."""

    settings: NodeSettings
    gateway: Gateway
    client: BlobClient
    lane: Lane

    def folder(self) -> Path:
        """Returns where the node keeps what belongs to the chain; raises OtherChainError."""
        settings, chain = self.settings, self.gateway
        return folder_of(settings.folder, chain.genesis_hash, chain.url, fresh=settings.fresh)


@asynccontextmanager
async def open_observer(settings: NodeSettings) -> AsyncIterator[Observer]:
    """Check the cluster; raises WrongClusterError."""
    with ComputeLane() as lane:
        async with (
            Gateway.of(settings) as gateway,
            open_client(allow_private=settings.allow_private) as client,
        ):
            yield Observer(settings, gateway, client, lane)


async def slot_seconds(gateway: Gateway) -> float:
    """Returns the seconds per slot, measured over a second."""
    began, first = monotonic(), await gateway.slot()
    await asyncio.sleep(MEASURED_SECONDS)
    slots = await gateway.slot() - first
    return (monotonic() - began) / max(1, slots)
