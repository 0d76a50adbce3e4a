"""`neurolov replay`: judge a receipt again, from the chain and the job's data."""

from pathlib import Path
from typing import Any

import click
from solders.pubkey import Pubkey

from idl.client import job_registry, verdict
from keeper.chain.errors import UnexpectedDataError
from keeper.cli.connection import Observer, open_observer
from keeper.cli.options import Address, answer, cluster_options, json_option, run_async
from keeper.configuration import NodeSettings
from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore, StageIndexes
from keeper.errors import BadInputError
from keeper.exact.decisions.state import Stage
from keeper.exact.disputes.case import Case, claim_of
from keeper.exact.disputes.events import job_events
from keeper.exact.disputes.receipt import Replay, judge_again
from keeper.exact.disputes.story import stages_in_force
from keeper.exact.roles.cases import CaseShelf
from keeper.exact.roles.conversion import job_of
from keeper.exact.roles.material import MaterialSource, Order
from keeper.exact.roles.traces import TraceSource
from keeper.node.errors import CaseError
from kernels.graph import Graph

FAILED = 1
UNANSWERED = 1
"""Receipt.reason of a provider that did not show an element in time."""


@click.command()
@click.argument("address", type=Address(), metavar="RECEIPT")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of a node that challenged or ran the job; without it the job's parties are asked.",
)
@json_option
@cluster_options
def replay(settings: NodeSettings, as_json: bool, address: Pubkey, data: Path | None) -> int:
    """Make a receipt's evidence again from the job's data, and judge it off chain.

    Exits with 1 when evidence or verdict are not the receipt's.
    """

    async def work() -> tuple[verdict.Receipt, Replay]:
        async with open_observer(settings) as observer:
            receipt = await _receipt(observer, address)
            case = await _case(observer, receipt, data or settings.folder, data is None)
            return receipt, await observer.lane.run(judge_again, case, receipt)

    receipt, found = run_async(work())
    document = _document(address, receipt, found)
    lines = [f"{name}: {value}" for name, value in document.items() if name != "differences"]
    answer(document, as_json, *lines, *(f"differs: {each}" for each in found.differences))
    return 0 if found.agrees else FAILED


async def _receipt(observer: Observer, address: Pubkey) -> verdict.Receipt:
    try:
        receipt = await observer.gateway.fetch(verdict.Receipt, address)
    except UnexpectedDataError as error:
        raise BadInputError(f"not a receipt: {error}") from error
    if receipt is None:
        raise BadInputError(
            f"there is no receipt at {address}; neurolov audit JOB shows the address of a job's"
        )
    if receipt.reason == UNANSWERED:
        raise BadInputError(
            f"provider {receipt.provider} did not show element {receipt.element} of operator "
            f"{receipt.operator} in time: a missing answer leaves no evidence to judge again"
        )
    return receipt


async def _case(
    observer: Observer, receipt: verdict.Receipt, folder: Path, ask_parties: bool
) -> Case:
    graph = await observer.gateway.fetch(job_registry.Graph, receipt.graph)
    if graph is None:
        raise BadInputError(f"graph {receipt.graph} is not on this cluster")
    told = await job_events(observer.gateway, receipt.job)
    stages = stages_in_force([each.event for each in told])
    store, indexes = BlobStore(folder, DEFAULT_QUOTA_BYTES), StageIndexes(folder)
    shelf = CaseShelf(folder, store, indexes)
    order = await _order(observer, shelf, receipt.job)
    material = await MaterialSource(observer.client, store, observer.lane).get(order)
    if ask_parties and shelf.order(receipt.job) is None:
        outputs = await _served(observer, receipt.job, stages, material.graph)
    else:
        outputs = await observer.lane.run(shelf.outputs, receipt.job, stages)
    inputs = (receipt.input_root, graph.inputs)
    claim = claim_of(graph.spec_root, graph.operators, inputs, stages)
    return Case(material.graph, material.inputs, outputs, claim)


async def _order(observer: Observer, shelf: CaseShelf, job: Pubkey) -> Order:
    if (kept := shelf.order(job)) is not None:
        return kept
    account = await observer.gateway.fetch(job_registry.Job, job)
    if account is None:
        raise CaseError(
            f"job {job} is closed, and its data are not here; give --data, the folder of a node "
            "that challenged it"
        )
    return job_of(job, account)


async def _served(
    observer: Observer, job: Pubkey, stages: tuple[Stage, ...], graph: Graph
) -> list[bytes]:
    traces = TraceSource(observer.client, observer.gateway)
    outputs: list[bytes] = []
    for stage in stages:
        for number, output in enumerate(await traces.stage(job, stage, graph), stage.first):
            if output is None:
                raise CaseError(
                    f"operator {number} of job {job} is not served any more; give --data, the "
                    "folder of a node that challenged it"
                )
            outputs.append(output)
    return outputs


def _document(address: Pubkey, receipt: verdict.Receipt, found: Replay) -> dict[str, Any]:
    return {
        "receipt": str(address),
        "job": str(receipt.job),
        "provider": str(receipt.provider),
        "challenger": str(receipt.challenger),
        "operator": receipt.operator,
        "element": receipt.element,
        "evidence": None if found.evidence is None else found.evidence.hex(),
        "expected": found.expected,
        "committed": found.committed,
        "verdict": _verdict(found),
        "agrees": found.agrees,
        "differences": list(found.differences),
    }


def _verdict(found: Replay) -> str:
    if found.expected is None:
        return "cannot be judged"
    return "fraud" if found.expected != found.committed else "right"
