"""Makes the evidence of a receipt again, and judges it off chain."""

from pathlib import Path

from solders.pubkey import Pubkey

from keeper.chain.errors import UnexpectedDataError
from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore, Reservation, ReservationKind, StageIndexes, lent
from keeper.errors import BadInputError
from keeper.exact.decisions.state import Stage
from keeper.exact.disputes.audit import stages_in_force
from keeper.exact.disputes.committed_trace import CommittedTrace, claim_of
from keeper.exact.disputes.history import job_events
from keeper.exact.disputes.receipt import Replay, judge_again
from keeper.exact.roles.accounts import job_of
from keeper.exact.roles.archive import TraceArchive
from keeper.exact.roles.traces import StoredTrace, TraceFetcher, TraceMissingError
from keeper.exact.roles.workload import WorkloadFetcher, WorkloadReference
from keeper.node.connection import Observer
from keeper.node.errors import TraceError
from kernels.graph import Graph
from neurolov_client import job_registry, verdict


async def replay_receipt(
    observer: Observer, address: Pubkey, folder: Path, *, ask_parties: bool
) -> tuple[verdict.Receipt, Replay]:
    """Judge a receipt again from the data in a node's folder.

    With `ask_parties`, what is not there is fetched from the job's buyer and provider. Returns the
    receipt and what was found. Raises BadInputError where there is nothing to judge, TraceError
    and WorkloadError.
    """
    receipt = await _receipt(observer, address)
    store = BlobStore(folder, DEFAULT_QUOTA_BYTES)
    with lent(store, str(receipt.job)) as reservation:
        archive = TraceArchive(folder, store, StageIndexes(folder))
        trace = await _trace(observer, receipt, archive, reservation if ask_parties else None)
        return receipt, await observer.lane.run(judge_again, trace, receipt)


async def _receipt(observer: Observer, address: Pubkey) -> verdict.Receipt:
    try:
        receipt = await observer.gateway.fetch(verdict.Receipt, address)
    except UnexpectedDataError as error:
        raise BadInputError(f"not a receipt: {error}") from error
    if receipt is None:
        raise BadInputError(
            f"there is no receipt at {address}; neurolov audit JOB shows the address of a job's"
        )
    if receipt.reason == verdict.Reason.UNANSWERED:
        raise BadInputError(
            f"provider {receipt.provider} did not show element {receipt.element} of operator "
            f"{receipt.operator} in time: a missing answer leaves no evidence to judge again"
        )
    return receipt


async def _trace(
    observer: Observer,
    receipt: verdict.Receipt,
    archive: TraceArchive,
    reservation: Reservation | None,
) -> CommittedTrace:
    """Returns the trace as it is kept.

    What is not kept is fetched into `reservation`, if there is one.
    """
    graph = await observer.gateway.fetch(job_registry.Graph, receipt.graph)
    if graph is None:
        raise BadInputError(f"graph {receipt.graph} is not on this cluster")
    landed = await job_events(observer.gateway, receipt.job)
    stages = stages_in_force([each.event for each in landed])
    reference = await _reference(observer, archive, receipt.job)
    workloads = WorkloadFetcher(
        observer.client, archive.store, observer.lane, ReservationKind.LOANS
    )
    workload = await workloads.get(reference)
    if reservation is not None and archive.job(receipt.job) is None:
        found = await _served(observer, receipt.job, stages, workload.graph, reservation)
    else:
        found = await observer.lane.run(archive.trace, receipt.job, stages)
    inputs = (receipt.input_root, graph.inputs)
    claim = claim_of(graph.spec_root, graph.operators, inputs, stages)
    return CommittedTrace(workload.graph, workload.inputs, found.outputs, claim, found.roots)


async def _reference(observer: Observer, archive: TraceArchive, job: Pubkey) -> WorkloadReference:
    if (kept := archive.job(job)) is not None:
        return kept
    account = await observer.gateway.fetch(job_registry.Job, job)
    if account is None:
        raise TraceError(
            f"job {job} is closed, and its data are not here; give --data, the folder of a node "
            "that challenged it"
        )
    return job_of(job, account)


async def _served(
    observer: Observer,
    job: Pubkey,
    stages: tuple[Stage, ...],
    graph: Graph,
    reservation: Reservation,
) -> StoredTrace:
    traces = TraceFetcher(observer.client, observer.gateway)
    try:
        return StoredTrace.of(reservation, await traces.stages(job, stages, graph, reservation))
    except TraceMissingError as error:
        raise TraceError(
            f"{error}; give --data, the folder of a node that challenged it"
        ) from error
