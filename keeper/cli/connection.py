"""A command's connection to the chain: services, one key, and a first look."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import aiohttp
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.compute import ComputeLane
from keeper.configuration import NodeSettings, load_keypair
from keeper.data import BlobClient
from keeper.exact.roles import ChainMirror
from keeper.node.registration import Registrar
from keeper.node.services import Services, open_services
from keeper.tolerant.roles.mirror import TaskMirror

RATE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything a command needs to act for one key."""

    services: Services
    mirror: ChainMirror
    submitter: Submitter
    keypair: Keypair
    registrar: Registrar

    @property
    def owner(self) -> Pubkey:
        """The key's address."""
        return self.keypair.pubkey()


@asynccontextmanager
async def open_connection(settings: NodeSettings, key_file: Path) -> AsyncIterator[Connection]:
    """Load the key, check the cluster, bring unfinished operations to their end, look once.

    Raises KeyFileError, WrongClusterError, and RoleError where no programs are deployed.
    """
    keypair = load_keypair(key_file)
    gateway = settings.gateway()
    async with open_services(gateway, settings.folder, settings.poll_seconds) as services:
        submitter = services.submitter(keypair)
        await submitter.resume()
        parties = [keypair.pubkey()]
        mirror = ChainMirror(gateway, parties, settings.poll_seconds, services.journal)
        view = await mirror.refresh()
        registrar = Registrar(gateway, submitter, keypair.pubkey(), view.rules.mint)
        yield Connection(services, mirror, submitter, keypair, registrar)


@dataclass(frozen=True, slots=True)
class Observer:
    """What a command needs that only reads: no key, no journal."""

    gateway: Gateway
    client: BlobClient
    lane: ComputeLane


@asynccontextmanager
async def open_observer(settings: NodeSettings) -> AsyncIterator[Observer]:
    """Check the cluster; raises WrongClusterError."""
    with ComputeLane() as lane:
        async with settings.gateway() as gateway, aiohttp.ClientSession() as session:
            yield Observer(gateway, BlobClient(session), lane)


async def task_mirror(connection: Connection, settings: NodeSettings) -> TaskMirror:
    """The tasks, looked at once."""
    services = connection.services
    mirror = TaskMirror(
        services.gateway, [connection.owner], settings.poll_seconds, services.journal
    )
    await mirror.refresh()
    return mirror


async def slot_seconds(gateway: Gateway) -> float:
    """Length of a slot, measured over a second."""
    began, first = monotonic(), await gateway.slot()
    await asyncio.sleep(RATE_SECONDS)
    slots = await gateway.slot() - first
    return (monotonic() - began) / max(1, slots)
