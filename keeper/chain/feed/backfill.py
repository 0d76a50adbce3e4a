"""Reads what landed since the cursor, oldest first."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.chain.gateway import Gateway, LandedTransaction, SignatureRecord
from keeper.chain.gateway.gateway import MAX_SIGNATURES_A_REQUEST
from keeper.journal import Cursor, Journal


@dataclass(frozen=True, slots=True)
class Transaction:
    """A successful transaction that names a program."""

    stream: str
    signature: Signature
    slot: int
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """All of the stream's transactions up to `cursor` have been told before this."""

    stream: str
    cursor: Cursor


async def missed(
    gateway: Gateway, journal: Journal, stream: str, program: Pubkey
) -> AsyncIterator[Transaction | Marker]:
    """Yields what landed after the stream's cursor and is not recorded, then how far that is.

    It stops before a transaction that the node lists but cannot give yet, so that no cursor passes
    it.
    """
    reached = None
    for record in await _since(gateway, journal.cursor(stream), program):
        if not record.failed and not journal.seen(stream, record.signature):
            landed = await gateway.transaction(record.signature)
            if landed is None:
                break
            yield Transaction(stream, record.signature, landed.slot, landed.logs)
        reached = Cursor(record.signature, record.slot)
    if reached is not None:
        yield Marker(stream, reached)


async def history(gateway: Gateway, *addresses: Pubkey) -> AsyncIterator[LandedTransaction]:
    """Yields every successful transaction that names one of the addresses, oldest first."""
    histories = [await _since(gateway, None, address) for address in addresses]
    for record in in_order(histories):
        landed = None if record.failed else await gateway.transaction(record.signature)
        if landed is not None:
            yield landed


def in_order(histories: Sequence[Sequence[SignatureRecord]]) -> list[SignatureRecord]:
    """Returns one history out of several: within a slot each address's own order holds."""
    before: dict[int, TopologicalSorter[SignatureRecord]] = {}
    for records in histories:
        for slot, group in itertools.groupby(records, lambda record: record.slot):
            sorter = before.setdefault(slot, TopologicalSorter())
            earlier: list[SignatureRecord] = []
            for record in group:
                sorter.add(record, *earlier)
                earlier = [record]
    return [record for slot in sorted(before) for record in before[slot].static_order()]


async def newest(gateway: Gateway, program: Pubkey) -> Cursor | None:
    """Returns the program's latest transaction, None where it has none."""
    records = await gateway.signatures(program, limit=1)
    return Cursor(records[0].signature, records[0].slot) if records else None


async def _since(gateway: Gateway, cursor: Cursor | None, program: Pubkey) -> list[SignatureRecord]:
    until = None if cursor is None else cursor.signature
    found: list[SignatureRecord] = []
    before = None
    while True:
        page = await gateway.signatures(program, until=until, before=before)
        found += page
        if len(page) < MAX_SIGNATURES_A_REQUEST:
            break
        before = page[-1].signature
    if cursor is not None:
        # A node that does not know `until` answers with all of its history.
        newer = itertools.takewhile(lambda record: record.signature != until, found)
        found = [record for record in newer if record.slot >= cursor.slot]
    return found[::-1]
