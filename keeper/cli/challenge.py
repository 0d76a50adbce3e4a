"""`neurolov challenge`: find a lie in a job, prove it, have its provider slashed."""

import asyncio
from pathlib import Path
from typing import Any

import click
from solders.pubkey import Pubkey

from idl.client import verdict
from keeper.chain.errors import ProgramError
from keeper.cli.connection import Connection, open_connection
from keeper.cli.options import (
    Address,
    answer,
    cluster_options,
    json_option,
    keypair_option,
    nlov,
    run_async,
)
from keeper.configuration import NodeSettings
from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore, StageIndexes
from keeper.errors import BadInputError
from keeper.exact.decisions.actions import SlashProvider
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.disputes.staging import Stager
from keeper.exact.roles.cases import CaseShelf, CaseSource
from keeper.exact.roles.challenger import Challenger, Suspicion
from keeper.exact.roles.material import MaterialSource
from keeper.exact.roles.orders import SaltBook
from keeper.exact.roles.traces import TraceSource
from keeper.exact.roles.transactions import Context, instruction

U32 = click.IntRange(0, 0xFFFFFFFF)
SLASHED_OR_TRAP = {"AlreadySlashed", "NotProven"}


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@click.option("--operator", type=U32, help="Judge this operator's --element, and nothing else.")
@click.option("--element", type=U32, help="Index over the output's leaf space.")
@json_option
@keypair_option
@cluster_options
def challenge(
    *,
    settings: NodeSettings,
    keypair: Path,
    as_json: bool,
    address: Pubkey,
    operator: int | None,
    element: int | None,
) -> None:
    """Fetch what was committed for a job, check all of it, and prove the first wrong element.

    Sends nothing, and says so, when nothing is wrong. What is found stays in --folder: replay
    judges it again.
    """
    if (operator is None) != (element is None):
        raise click.UsageError("--operator and --element belong together")
    place = (operator, element) if operator is not None and element is not None else None

    async def work() -> dict[str, Any]:
        async with open_connection(settings, keypair) as connection:
            snapshot = _challengeable(connection, address)
            services = connection.services
            case = await _cases(settings, connection).fetch(snapshot)
            stager = Stager(
                services.gateway, connection.submitter, poll_seconds=services.poll_seconds
            )
            challenger = Challenger(stager, connection.owner, services.lane)
            if place is None:
                suspicion = await challenger.suspect(snapshot, case)
            else:
                suspicion = await challenger.examine(snapshot, case, *place)
            salt = SaltBook(settings.folder / "tickets").keep(address)
            await challenger.prove(snapshot, case, suspicion, salt)
            await _slash(connection, address)
            return await _document(connection, address, suspicion)

    document = run_async(work())
    answer(document, as_json, *(f"{name}: {value}" for name, value in document.items()))


def _challengeable(connection: Connection, address: Pubkey) -> JobSnapshot:
    view = connection.mirror.view
    snapshot = view.jobs.get(address)
    if snapshot is None:
        raise BadInputError(
            f"there is no job {address} on this cluster; a job that its buyer closed cannot be "
            "challenged any more"
        )
    judged = snapshot.verdict
    if judged is None or not judged.is_challengeable(view.slot):
        state = snapshot.job.state if judged is None else judged.state
        raise BadInputError(
            f"job {address} is {state.name.lower()}; a result can be challenged from its last "
            "commit to the end of its window"
        )
    return snapshot


def _cases(settings: NodeSettings, connection: Connection) -> CaseSource:
    services, folder = connection.services, settings.folder
    store = BlobStore(folder, DEFAULT_QUOTA_BYTES)
    return CaseSource(
        lane=services.lane,
        material=MaterialSource(services.client, store, services.lane),
        traces=TraceSource(services.client, services.gateway),
        shelf=CaseShelf(folder, store, StageIndexes(folder)),
    )


async def _slash(connection: Connection, address: Pubkey) -> None:
    """Take the exposure once no trap can be opened, unless one was or a crank was faster."""
    proven_slot = (await _receipt(connection, address)).slot
    while True:
        view = await connection.mirror.refresh()
        if view.slot > proven_slot + view.rules.verdict.trap_slots:
            break
        await asyncio.sleep(connection.services.poll_seconds)
    context = Context(
        connection.owner, view.rules.mint, view.rules.treasury, view.jobs.get(address)
    )
    slashing = instruction(SlashProvider(address), context)
    try:
        await connection.submitter.submit(f"slash_provider/{address}", [slashing], again=True)
    except ProgramError as error:
        if error.name not in SLASHED_OR_TRAP:
            raise


async def _receipt(connection: Connection, address: Pubkey) -> verdict.Receipt:
    place = verdict.receipt_address(address)
    receipt = await connection.services.gateway.fetch(verdict.Receipt, place)
    if receipt is None:
        raise BadInputError(f"the cluster has no receipt of job {address} although it was proven")
    return receipt


async def _document(
    connection: Connection, address: Pubkey, suspicion: Suspicion
) -> dict[str, Any]:
    receipt = await _receipt(connection, address)
    return {
        "job": str(address),
        "receipt": str(verdict.receipt_address(address)),
        "operator": suspicion.operator,
        "element": suspicion.element,
        "expected": receipt.expected,
        "committed": receipt.committed,
        "provider": str(receipt.provider),
        "trap": bool(receipt.trap),
        "slashed": nlov(receipt.slashed),
        "burned": nlov(receipt.burned),
        "bounty": nlov(receipt.bounty),
    }
