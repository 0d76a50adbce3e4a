"""A buyer's job from payment to the end: post, follow, keep the result, take back the rest."""

from collections.abc import Callable, Sequence
from typing import Any

from solders.pubkey import Pubkey

from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore, OwnFault, ReservationKind, lent
from keeper.errors import BadInputError
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.buyer import Buyer
from keeper.exact.roles.graphs import GraphRegistrar
from keeper.exact.roles.mirror import JobMirror, View, job_mirror
from keeper.exact.roles.posting import JobPoster
from keeper.exact.roles.results import JobRecord, ResultArchive, ResultError, fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.connection import Connection, Reading
from keeper.node.endpoints import require_reachable
from keeper.node.payment import nlov, require_tokens
from keeper.node.services import Storage
from keeper.node.supervision import running
from keeper.node.vault import Salts
from kernels.graph import Graph
from kernels.trace.layout import Array

Tell = Callable[[str], None]


class UnknownJobError(BadInputError):
    """Neither the chain nor this node knows the job."""


async def submit_job(
    connection: Connection,
    storage: Storage,
    graph: Graph,
    inputs: Sequence[Array],
    *,
    offer: JobOffer,
    tell: Tell,
) -> JobRecord:
    """Pay for a job, follow it to its end, and take back what nobody is owed.

    Returns how it ended; its result, where there is one, is in `results_of`. `tell` is given each
    change. Raises UnreachableEndpointError, InsufficientFundsError, RoleError and ChainError.
    """
    services, owner = connection.services, connection.owner
    require_reachable(services.client, storage.url)
    mirror = await job_mirror(connection)
    await _require_tokens(connection, mirror.view, offer)
    registrar = GraphRegistrar(services.gateway, connection.submitter, owner)
    salts = Salts(connection.vault)
    poster = JobPoster(services.gateway, connection.submitter, owner, storage.store, salts)
    address = await registrar.register(graph)
    manifest = poster.store_workload(graph, inputs)
    posted = await poster.post(address, manifest, inputs, offer, storage.url)
    tell(f"job {posted} posted")
    buyer = Buyer(mirror, connection.submitter, owner, salts, storage.store)
    buyer.keep.add(posted)
    await mirror.refresh()
    async with running(services, buyer):
        follower = _Follower(TraceFetcher(services.client, services.gateway), graph, tell)
        snapshot = await follower.ended(buyer, mirror, posted)
        if snapshot.job.state is JobState.EXPIRED and snapshot.job.lease is None:
            slots = mirror.view.checkpoint_slots
            tell(f"nobody claimed it; stake counts two windows of {slots} slots after it came")
        settled = snapshot.job.state is JobState.SETTLED
        result = await follower.result(snapshot) if settled else None
        record = results_of(connection).keep(snapshot, mirror.view.slot, result)
        buyer.keep.discard(posted)
        while posted in mirror.view.jobs:
            await mirror.next_view()
    await buyer.tidy(mirror.view)
    return record


async def job_result(reading: Reading, address: Pubkey) -> Array:
    """Returns a job's result, kept or fetched, and checked against what was committed.

    Raises BadInputError where there is no such job, ResultError, WorkloadError and OwnFault.
    """
    if (kept := results_of(reading).result(address)) is not None:
        return kept
    snapshot = _open_job(reading, (await job_mirror(reading)).view, address)
    store = BlobStore(reading.folder, DEFAULT_QUOTA_BYTES)
    with lent(store, str(address)):
        loans = WorkloadFetcher(reading.client, store, reading.lane, ReservationKind.LOANS)
        workload = await loans.get(snapshot.job)
        traces = TraceFetcher(reading.client, reading.gateway)
        return await fetch_result(traces, snapshot, workload.graph)


async def cancel_job(connection: Connection, address: Pubkey) -> None:
    """Take back a job that nobody has claimed; raises BadInputError on any other."""
    mirror = await job_mirror(connection)
    snapshot = _open_job(connection, mirror.view, address)
    if snapshot.job.buyer != connection.owner:
        raise BadInputError(f"job {address} belongs to {snapshot.job.buyer}")
    if snapshot.job.state is not JobState.POSTED or snapshot.job.progress:
        state = snapshot.job.state.name.lower()
        raise BadInputError(f"job {address} is {state}; only an unclaimed job is cancelled")
    buyer = Buyer(mirror, connection.submitter, connection.owner, Salts(connection.vault))
    buyer.cancelling.add(address)
    async with running(connection.services, buyer):
        while address in mirror.view.jobs:
            await mirror.next_view()


async def find_job(reading: Reading, address: Pubkey) -> JobSnapshot | JobRecord:
    """Returns a job as it stands, or how it ended; raises UnknownJobError."""
    view = (await job_mirror(reading)).view
    return view.jobs.get(address) or _record(reading, address)


def job_status(snapshot: JobSnapshot) -> dict[str, Any]:
    """Returns where a job stands, as a document."""
    found, verdict = snapshot.job, snapshot.verdict
    document: dict[str, Any] = {
        "job": str(found.address),
        "state": found.state.name.lower(),
        "progress": f"{found.progress}/{found.operators}",
    }
    if found.lease is not None:
        document["provider"] = str(found.lease.provider)
        document["price"] = nlov(found.lease.price)
    if verdict is not None:
        document["verdict"] = verdict.state.name.lower()
        document["outcome"] = verdict.outcome.name.lower()
        document["ballots"] = [ballot.state.name.lower() for ballot in verdict.ballots]
    return document


def results_of(reading: Reading) -> ResultArchive:
    """Returns how the node's jobs ended."""
    return ResultArchive(reading.folder / "results")


class _Follower:
    """Tells every change of a job, and fetches its result as soon as it is committed."""

    def __init__(self, traces: TraceFetcher, graph: Graph, tell: Tell) -> None:
        self._traces = traces
        self._graph = graph
        self._tell = tell
        self._withheld = False

    async def ended(self, buyer: Buyer, mirror: JobMirror, posted: Pubkey) -> JobSnapshot:
        """Returns the job once it has ended; a result that is not served is demanded."""
        told, fetched = "", False
        while True:
            snapshot, slot = mirror.view.jobs[posted], mirror.view.slot
            step = ", ".join(f"{name} {value}" for name, value in job_status(snapshot).items())
            if step != told:
                self._tell(f"slot {slot}: {step}")
                told = step
            if snapshot.job.ended:
                return snapshot
            judged = snapshot.verdict
            if judged is not None and judged.may_demand(slot) and not fetched:
                fetched = await self.result(snapshot) is not None
                if self._withheld:
                    buyer.missing.add(posted)
            await mirror.next_view()

    async def result(self, snapshot: JobSnapshot) -> Array | None:
        """Returns the result, None where it cannot be had."""
        self._withheld = False
        try:
            return await fetch_result(self._traces, snapshot, self._graph)
        except (ResultError, OwnFault) as error:
            # What this node cannot fetch by its own fault is no reason to demand it.
            self._withheld = isinstance(error, ResultError)
            self._tell(f"no result: {error}")
            return None


async def _require_tokens(connection: Connection, view: View, offer: JobOffer) -> None:
    needed = offer.price + offer.verification + offer.tips + offer.urgency
    await require_tokens(
        connection.gateway,
        connection.owner,
        connection.mint,
        needed + view.terms.parameters.escrow.posting_fee,
        work="job",
        remedy=" or lower the price",
    )


def _open_job(reading: Reading, view: View, address: Pubkey) -> JobSnapshot:
    snapshot = view.jobs.get(address)
    if snapshot is None:
        record = _record(reading, address)
        raise BadInputError(f"job {address} is closed: {record.state}, {record.outcome}")
    return snapshot


def _record(reading: Reading, address: Pubkey) -> JobRecord:
    record = results_of(reading).record(address)
    if record is None:
        raise UnknownJobError(f"unknown job {address}; check the address and the cluster's URL")
    return record
