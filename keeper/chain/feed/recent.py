"""The latest transactions of some addresses, read back as far as a caller asks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.chain.feed.backfill import in_order
from keeper.chain.gateway import Gateway, LandedTransaction, SignatureRecord
from keeper.chain.gateway.gateway import MAX_SIGNATURES_A_REQUEST

_AT_ONCE: Final = 8
"""Transactions that are asked for at the same time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far back to read: to these Unix seconds, and at most so many transactions."""

    since: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Recent:
    """Successful transactions, oldest first.

    None is missing from `from_slot` on. `cut_short` says whether the limit of transactions ended
    the reading, `whole` whether the node had nothing older.
    """

    transactions: tuple[LandedTransaction, ...]
    from_slot: int
    cut_short: bool
    whole: bool


async def recent(gateway: Gateway, bounds: Bounds, *addresses: Pubkey) -> Recent:
    """Returns the successful transactions that name one of the addresses; raises ChainError."""
    read = [await _newest(gateway, bounds, address) for address in addresses]
    from_slot = max((each.from_slot for each in read), default=0)
    listed = in_order([each.records for each in read])
    listed = [record for record in listed if record.slot >= from_slot]
    cut_short = any(each.cut_short for each in read)
    if len(listed) > bounds.transactions:
        # Within the slot of the cut, some are missing.
        from_slot = listed[-bounds.transactions - 1].slot + 1
        listed = [record for record in listed if record.slot >= from_slot]
        cut_short = True
    return Recent(
        tuple(await _landed(gateway, listed)),
        from_slot,
        cut_short,
        whole=not cut_short and all(each.whole for each in read),
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    records: Sequence[SignatureRecord]
    from_slot: int
    cut_short: bool
    whole: bool


async def _newest(gateway: Gateway, bounds: Bounds, address: Pubkey) -> _Listed:
    """Returns one address's records, oldest first."""
    found: list[SignatureRecord] = []
    before = None
    while True:
        page = await gateway.signatures(address, before=before)
        young = [each for each in page if each.seconds is None or each.seconds >= bounds.since]
        found += young
        if len(young) < len(page):
            return _Listed(found[::-1], 0, cut_short=False, whole=False)
        if len(page) < MAX_SIGNATURES_A_REQUEST:
            return _Listed(found[::-1], 0, cut_short=False, whole=True)
        if len(found) > bounds.transactions:
            return _Listed(found[::-1], found[-1].slot + 1, cut_short=True, whole=False)
        before = page[-1].signature


async def _landed(gateway: Gateway, listed: Sequence[SignatureRecord]) -> list[LandedTransaction]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(record: SignatureRecord) -> LandedTransaction | None:
        async with slots:
            return await gateway.transaction(record.signature)

    successful = [record for record in listed if not record.failed]
    found = await asyncio.gather(*(one(record) for record in successful))
    return [each for each in found if each is not None]
