"""A key's connection to the chain, and an observer's without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from idl.client import staking
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.compute import ComputeLane
from keeper.configuration import NodeSettings, load_keypair
from keeper.data import BlobClient, open_client
from keeper.node.accounts import required
from keeper.node.registration import Registrar
from keeper.node.services import Services, open_services
from keeper.node.vault import Vault

MEASURED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything that is needed to act for one key. `folder` is the node's."""

    services: Services
    submitter: Submitter
    keypair: Keypair
    mint: Pubkey
    folder: Path

    @property
    def gateway(self) -> Gateway:
        """The cluster's gateway."""
        return self.services.gateway

    @property
    def owner(self) -> Pubkey:
        """The key's address."""
        return self.keypair.pubkey()

    @property
    def registrar(self) -> Registrar:
        """Stakes and registers the key."""
        return Registrar(self.gateway, self.submitter, self.owner, self.mint)

    @property
    def vault(self) -> Vault:
        """The node's secrets."""
        return Vault(self.folder)


@asynccontextmanager
async def open_connection(settings: NodeSettings, key_file: Path) -> AsyncIterator[Connection]:
    """Load the key, check the cluster, bring unfinished operations to their end.

    Raises KeyFileError, WrongClusterError, and RoleError where no programs are deployed.
    """
    keypair = load_keypair(key_file)
    gateway = settings.gateway()
    async with open_services(
        gateway, settings.folder, settings.poll_seconds, allow_private=settings.allow_private
    ) as services:
        submitter = services.submitter(keypair)
        await submitter.resume()
        pool = required(staking.Pool, await gateway.account(staking.pool_address()))
        yield Connection(services, submitter, keypair, pool.mint, settings.folder)


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
            settings.gateway() as gateway,
            open_client(allow_private=settings.allow_private) as client,
        ):
            yield Observer(gateway, client, lane)


async def slot_seconds(gateway: Gateway) -> float:
    """Returns the seconds per slot, measured over a second."""
    began, first = monotonic(), await gateway.slot()
    await asyncio.sleep(MEASURED_SECONDS)
    slots = await gateway.slot() - first
    return (monotonic() - began) / max(1, slots)
