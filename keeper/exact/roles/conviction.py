"""Finds what is wrong in a job, proves it, and has its provider slashed."""

import asyncio
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.errors import ProgramError
from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore, StageIndexes
from keeper.errors import BadInputError
from keeper.exact.decisions.actions import SlashProvider
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.disputes.upload import EvidenceUploader
from keeper.exact.roles.archive import TraceArchive, TraceLoader
from keeper.exact.roles.availability import ElementPosition
from keeper.exact.roles.challenger import Challenger, WrongElement
from keeper.exact.roles.context import Context
from keeper.exact.roles.mirror import JobMirror, View, job_mirror
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.transactions import instruction
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.connection import Connection
from keeper.node.vault import TICKET_SALTS, Salts
from neurolov_client import verdict

SLASHED_OR_TRAP = {"AlreadySlashed", "NotProven"}


@dataclass(frozen=True, slots=True)
class Conviction:
    """The element that was proven wrong, and the chain's receipt of it."""

    wrong: WrongElement
    receipt: verdict.Receipt


async def convict(
    connection: Connection, job: Pubkey, position: ElementPosition | None
) -> Conviction:
    """Prove the first wrong element of a job, or the one at `position`, and slash its provider.

    The bounty goes to the connection's owner. Raises BadInputError where the job cannot be
    challenged, NothingWrongError, TraceError, WorkloadError and ChainError.
    """
    mirror = await job_mirror(connection)
    snapshot = _challengeable(mirror.view, job)
    loader = _loader(connection)
    # A proof has a deadline; a cluster that is away for a while must not end it half-way.
    with loader.archive.store.in_use(str(job)), connection.gateway.patient():
        return await _convicted(connection, mirror, snapshot, loader, position)


async def _convicted(
    connection: Connection,
    mirror: JobMirror,
    snapshot: JobSnapshot,
    loader: TraceLoader,
    position: ElementPosition | None,
) -> Conviction:
    services, job = connection.services, snapshot.address
    trace = await loader.fetch(snapshot)
    uploader = EvidenceUploader(
        services.gateway, connection.submitter, poll_seconds=services.poll_seconds
    )
    challenger = Challenger(uploader, connection.signer, connection.owner, services.lane)
    if position is None:
        wrong = await challenger.suspect(snapshot, trace)
    else:
        wrong = await challenger.examine(snapshot, trace, *position)
    salt = Salts(connection.vault, TICKET_SALTS).draw(job)
    await challenger.prove(snapshot, trace, wrong, salt)
    await _slash(connection, mirror, job)
    return Conviction(wrong, await _receipt(connection, job))


def _challengeable(view: View, job: Pubkey) -> JobSnapshot:
    snapshot = view.jobs.get(job)
    if snapshot is None:
        raise BadInputError(
            f"there is no job {job} on this cluster; a job that its buyer closed cannot be "
            "challenged any more"
        )
    judged = snapshot.verdict
    if judged is None or not judged.is_challengeable(view.slot):
        state = snapshot.job.state if judged is None else judged.state
        raise BadInputError(
            f"job {job} is {state.name.lower()}; a result can be challenged from its last "
            "commit to the end of its window"
        )
    return snapshot


def _loader(connection: Connection) -> TraceLoader:
    services, folder = connection.services, connection.folder
    store = BlobStore(folder, DEFAULT_QUOTA_BYTES)
    return TraceLoader(
        lane=services.lane,
        workloads=WorkloadFetcher(services.client, store, services.lane),
        traces=TraceFetcher(services.client, services.gateway),
        archive=TraceArchive(folder, store, StageIndexes(folder)),
    )


async def _slash(connection: Connection, mirror: JobMirror, job: Pubkey) -> None:
    """Take the exposure once no trap can be opened, unless one was or a crank was faster."""
    proven_slot = (await _receipt(connection, job)).slot
    while True:
        view = await mirror.refresh()
        snapshot = view.jobs.get(job)
        if snapshot is None:
            return
        if view.slot > proven_slot + snapshot.parameters.verdict.trap_slots:
            break
        await asyncio.sleep(connection.services.poll_seconds)
    context = Context(connection.signer, connection.owner, view.mint, view.terms, snapshot)
    slashing = instruction(SlashProvider(job), context)
    try:
        await connection.submitter.submit(f"slash_provider/{job}", [slashing], again=True)
    except ProgramError as error:
        if error.name not in SLASHED_OR_TRAP:
            raise


async def _receipt(connection: Connection, job: Pubkey) -> verdict.Receipt:
    receipt = await connection.gateway.fetch(verdict.Receipt, verdict.receipt_address(job))
    if receipt is None:
        raise BadInputError(f"the cluster has no receipt of job {job} although it was proven")
    return receipt
