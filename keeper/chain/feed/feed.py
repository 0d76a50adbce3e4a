"""The feed: pushed logs, a backfill for what was not pushed, and accounts read now and then."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.chain.errors import TransientError
from keeper.chain.feed.backfill import Marker, Transaction, missed, newest
from keeper.chain.gateway import Backoff, Gateway
from keeper.journal import Journal
from neurolov_client import PROGRAM_IDS, Account, AccountDataError, Event, events_from_logs

_LOG = logging.getLogger(__name__)
_QUEUED: Final = 1_000
_SILENT_AFTER: Final = 3
"""Failed connections of a program in a row after which its silence is told."""
_TRUNCATED: Final = "Log truncated"
"""The line by which a node ends logs that it cut off."""


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One event of a landed transaction; `index` is its place among that program's there."""

    program: str
    signature: Signature
    slot: int
    index: int
    event: Event


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account that differs from what the feed told last; None where it was closed."""

    kind: type[Account]
    address: Pubkey
    account: Account | None


@dataclass(frozen=True, slots=True)
class LostEvents:
    """A landed transaction whose events the node cut off, or that this client cannot read."""

    program: str
    signature: Signature
    slot: int


FeedItem = ChainEvent | AccountState | LostEvents


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds between backfills and between account reads, and the pauses of a lost connection."""

    backfill_seconds: float = 5.0
    reconcile_seconds: float = 30.0
    reconnect: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


class Feed:
    """Use as `async with Feed(...) as feed: async for item in feed`.

    Events of each program come in the order in which its transactions arrive, each once. Asking for
    the next item says that the last one has been dealt with, and only then does the journal pass
    it. After a crash in between, the interrupted transaction's events are told again, so that
    effects belong under an operation id. Where events are lost with certainty, an item says so. Of
    `kinds`, every account is told at first and then whenever it has changed, whatever events were
    lost. A new journal starts at the present, or with `from_beginning` at the programs' first
    transaction. Raises ChainError where the node refuses for good, and JournalError.
    """

    def __init__(
        self,
        gateway: Gateway,
        journal: Journal,
        *,
        programs: Sequence[str] = tuple(PROGRAM_IDS),
        kinds: Sequence[type[Account]] = (),
        from_beginning: bool = False,
        timing: Timing | None = None,
    ) -> None:
        self._gateway = gateway
        self._journal = journal
        self._programs = {name: PROGRAM_IDS[name] for name in programs}
        self._kinds = tuple(kinds)
        self._from_beginning = from_beginning
        self._timing = timing or Timing()
        self._queue: asyncio.Queue[Transaction | Marker | AccountState | BaseException] = (
            asyncio.Queue(_QUEUED)
        )
        self._ready: deque[ChainEvent | LostEvents] = deque()
        self._open: Transaction | None = None
        self._accounts: dict[tuple[type[Account], Pubkey], Account] = {}
        self._silent: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        if not self._from_beginning:
            for name, program in self._programs.items():
                if self._journal.cursor(name) is None and (
                    latest := await newest(self._gateway, program)
                ):
                    self._journal.advance(name, latest)
        loops = [
            self._periodically(self._timing.backfill_seconds, self._backfill_all),
            *(self._listen(name, program) for name, program in self._programs.items()),
        ]
        if self._kinds:
            loops.append(self._periodically(self._timing.reconcile_seconds, self._reconcile))
        self._tasks = [asyncio.create_task(self._guarded(loop)) for loop in loops]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __aiter__(self) -> AsyncIterator[FeedItem]:
        return self

    async def __anext__(self) -> FeedItem:
        while not self._ready:
            self._close()
            match await self._queue.get():
                case Transaction() as transaction:
                    self._take(transaction)
                case Marker(stream, cursor):
                    self._journal.advance(stream, cursor)
                case AccountState() as state:
                    return state
                case BaseException() as error:
                    raise error
        return self._ready.popleft()

    def _take(self, transaction: Transaction) -> None:
        if self._journal.seen(transaction.stream, transaction.signature):
            return
        self._open = transaction
        lost = LostEvents(transaction.stream, transaction.signature, transaction.slot)
        try:
            events = events_from_logs(transaction.logs)
        except AccountDataError as error:
            _LOG.error("%s: %s; its accounts will be read instead", transaction.signature, error)
            self._ready.append(lost)
            return
        own = [event for event in events if transaction.stream == event.PROGRAM]
        self._ready.extend(
            ChainEvent(transaction.stream, transaction.signature, transaction.slot, index, event)
            for index, event in enumerate(own)
        )
        if _TRUNCATED in transaction.logs:
            self._ready.append(lost)

    def _close(self) -> None:
        """Record the open transaction: the consumer has dealt with all of its events."""
        if self._open is not None:
            self._journal.record(self._open.stream, self._open.signature, self._open.slot)
            self._open = None

    async def _guarded(self, loop: Awaitable[None]) -> None:
        try:
            await loop
        except Exception as error:
            await self._queue.put(error)

    async def _periodically(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except TransientError as error:
                _LOG.warning("%s", error)
            await self._timing.sleep(seconds)

    async def _backfill_all(self) -> None:
        for name in self._programs:
            await self._backfill(name)

    async def _backfill(self, name: str) -> None:
        program = self._programs[name]
        async for found in missed(self._gateway, self._journal, name, program):
            await self._queue.put(found)

    async def _listen(self, name: str, program: Pubkey) -> None:
        failures = unopened = 0

        def opened() -> None:
            nonlocal unopened
            unopened = 0
            self._heard(name)

        while True:
            try:
                async for pushed in self._gateway.logs(program, opened):
                    failures = 0
                    if not pushed.failed:
                        await self._queue.put(
                            Transaction(name, pushed.signature, pushed.slot, pushed.logs)
                        )
            except TransientError as error:
                failures, unopened = failures + 1, unopened + 1
                _LOG.info("%s: %s", name, error)
                if unopened >= _SILENT_AFTER and not self._gateway.away:
                    self._missed(name, error)
            await self._timing.sleep(self._timing.reconnect.pause(failures))

    def _missed(self, name: str, error: TransientError) -> None:
        if not self._silent:
            _LOG.warning("the cluster pushes no events; reading them now and then (%s)", error)
        self._silent.add(name)

    def _heard(self, name: str) -> None:
        if name in self._silent:
            self._silent.remove(name)
            if not self._silent:
                _LOG.warning("the cluster pushes events again")

    async def _reconcile(self) -> None:
        for kind in self._kinds:
            present = dict(await self._gateway.program_accounts(kind))
            known = {address for each, address in self._accounts if each is kind}
            for address in known - present.keys():
                del self._accounts[kind, address]
                await self._queue.put(AccountState(kind, address, None))
            for address, account in present.items():
                if self._accounts.get((kind, address)) != account:
                    self._accounts[kind, address] = account
                    await self._queue.put(AccountState(kind, address, account))
