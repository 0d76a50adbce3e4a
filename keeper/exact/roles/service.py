"""Opens the roles that are paid for jobs: registered, with their data and a mirror."""

from dataclasses import dataclass

from keeper.compute import Lane
from keeper.exact.roles.ballots import BALLOTS
from keeper.exact.roles.crank import Crank
from keeper.exact.roles.data import job_data
from keeper.exact.roles.mirror import job_mirror
from keeper.exact.roles.provider import Provider, ProviderTools
from keeper.exact.roles.verifier import Verifier, VerifierTools
from keeper.node.connection import Connection
from keeper.node.endpoints import require_reachable
from keeper.node.registration import capability
from keeper.node.services import Storage
from kernels.graph.reference import Executor
from kernels.trace import Hasher


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """What a provider registers with, and what it runs jobs on.

    `ask` is base units per 2^30 multiply-adds, `rate` multiply-adds per slot; see `ProviderTools`
    for the rest.
    """

    ask: int
    memory_bytes: int
    rate: int
    max_macs: int
    executor: Executor
    lane: Lane
    slice_macs: int | None = None


async def open_provider(connection: Connection, storage: Storage, offer: ProviderOffer) -> Provider:
    """Register the owner's offer and return its provider.

    An operator registers nothing but where the data are served. Raises UnreachableEndpointError,
    NotRegisteredError and ChainError.
    """
    require_reachable(connection.services.client, storage.url)
    await connection.registrar.register_provider(
        capability(
            ask=offer.ask,
            memory_bytes=offer.memory_bytes,
            rate=offer.rate,
            max_macs=offer.max_macs,
            endpoint=storage.url,
        )
    )
    tools = ProviderTools(
        executor=offer.executor,
        rate=offer.rate,
        lane=offer.lane,
        data=job_data(connection.services, storage),
        slice_macs=offer.slice_macs,
    )
    mirror = await job_mirror(connection)
    return Provider(mirror, connection.submitter, connection.owner, tools)


async def open_verifier(
    connection: Connection,
    storage: Storage,
    memory_bytes: int,
    hasher: Hasher,
    collateral: int | None = None,
) -> Verifier:
    """Take a seat, register, and return the verifier.

    `collateral` is bound to a new seat, in base units; None stands for all free stake. An operator
    needs an owner that has a seat. Raises NotRegisteredError and ChainError.
    """
    if not connection.by_operator:
        await connection.seats.take(collateral)
    seat, is_held = await connection.seats.held()
    if is_held and not connection.by_operator:
        await connection.registrar.register_verifier(storage.url, memory_bytes, seat)
    tools = VerifierTools(
        lane=connection.services.lane,
        data=job_data(connection.services, storage),
        ballots=connection.vault.secrets(BALLOTS),
        hasher=hasher,
    )
    mirror = await job_mirror(connection)
    return Verifier(mirror, connection.submitter, connection.owner, tools)


async def open_crank(connection: Connection) -> Crank:
    """Returns the crank of a key; raises ChainError."""
    return Crank(await job_mirror(connection), connection.submitter, connection.owner)
