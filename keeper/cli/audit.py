"""`neurolov audit`: the whole history of a job, from the chain alone."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.chain.gateway import Gateway
from keeper.cli.fields import told_fields
from keeper.cli.options import Address, answer, cluster_options, json_option, run_async
from keeper.configuration import NodeSettings
from keeper.errors import BadInputError
from keeper.exact.disputes.audit import Parties, movements, outcome_of, totals
from keeper.exact.disputes.history import LandedEvent, job_events
from keeper.node.connection import open_observer
from keeper.node.timeline import Timeline
from neurolov_client import Account, escrow, job_registry, verdict

_PROGRAMS = {
    "job": job_registry.PROGRAM,
    "verdict": verdict.PROGRAM,
    "escrow": escrow.PROGRAM,
    "receipt": verdict.PROGRAM,
}
"""The program of each account of a job."""


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@json_option
@cluster_options
def audit(settings: NodeSettings, as_json: bool, address: Pubkey) -> None:
    """Show the events of a job in order, its accounts as they are now, and all payments.

    Reads the chain's history and needs no key: a job that was closed long ago can be audited too.
    """

    async def work() -> dict[str, Any]:
        async with open_observer(settings) as observer:
            return await audit_document(observer.gateway, address)

    document = run_async(work())
    if as_json:
        answer(document, as_json)
    else:
        _print(document, Console())


async def audit_document(gateway: Gateway, job: Pubkey) -> dict[str, Any]:
    """Returns the document of `audit --json`; raises BadInputError on a job that nobody posted."""
    told = await job_events(gateway, job)
    if not told:
        raise BadInputError(f"unknown job {job}; check the address and the cluster's URL")
    events = [each.event for each in told]
    timeline = await Timeline.of(gateway)
    seconds = {each.slot: _seconds(each) for each in told}
    parties = Parties(job, events)
    moved = list(movements(events, parties))
    accounts = {
        "job": await gateway.fetch(job_registry.Job, job),
        "verdict": await gateway.fetch(verdict.Verdict, verdict.verdict_address(job)),
        "escrow": await gateway.fetch(escrow.Escrow, escrow.escrow_address(job)),
        "receipt": await gateway.fetch(verdict.Receipt, verdict.receipt_address(job)),
    }
    return {
        "job": str(job),
        "outcome": outcome_of(events).name.lower(),
        "receipt": str(verdict.receipt_address(job)) if accounts["receipt"] else None,
        "parties": parties.addresses(),
        "events": [_event(each, timeline) for each in told],
        "movements": [
            asdict(each) | timeline.document(each.slot, seconds.get(each.slot)) for each in moved
        ],
        "totals": {
            name: {"gave": gave, "got": got, "net": got - gave}
            for name, (gave, got) in totals(moved).items()
        },
        "accounts": {name: _account(each) for name, each in accounts.items()},
    }


def _seconds(told: LandedEvent) -> int:
    """Returns the Unix seconds of the event's block, which every event carries."""
    return int(_plain(told.event)["envelope"]["time"])


def _event(told: LandedEvent, timeline: Timeline) -> dict[str, Any]:
    told_fields = _plain(told.event)
    del told_fields["envelope"]
    told_fields.pop("job", None)
    return {
        **timeline.document(told.slot, _seconds(told)),
        "signature": str(told.signature),
        "program": told.event.PROGRAM,
        "event": type(told.event).__name__,
        "fields": told_fields,
    }


def _account(account: Account | None) -> dict[str, Any] | None:
    return None if account is None else _plain(account)


def _plain(value: Any) -> Any:
    """Returns accounts and events as JSON values: keys in base58, bytes in hex."""
    match value:
        case Pubkey():
            return str(value)
        case bytes():
            return value.hex()
        case tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


def _print(document: Mapping[str, Any], console: Console) -> None:
    names = {address: name for name, address in document["parties"].items()}
    console.print(f"job {document['job']}: {document['outcome']}", highlight=False)
    story = _table("Events", "slot", "time (UTC)", "program", "event", "")
    for event in document["events"]:
        shown = told_fields(event["program"], event["fields"], names)
        time = event["time"].removesuffix("Z").replace("T", " ")
        story.add_row(f"{event['slot']:,}", time, event["program"], event["event"], shown)
    console.print(story)
    money = _table("Payments in $NLOV", "party", "paid", "received", "net")
    for name, sums in document["totals"].items():
        money.add_row(name, *(nlov(sums[column]) for column in ("gave", "got", "net")))
    console.print(money)
    people = _table("Parties", "party", "address")
    for name, address in document["parties"].items():
        people.add_row(name, address)
    console.print(people)
    ends = _table("Accounts now", "account", "")
    for name, account in document["accounts"].items():
        ends.add_row(name, "none" if account is None else _account_facts(name, account, names))
    console.print(ends)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _account_facts(name: str, account: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Returns an account's single values; its lists and records are in the JSON document."""
    single = {key: value for key, value in account.items() if not isinstance(value, list | dict)}
    return told_fields(_PROGRAMS[name], single, names)
