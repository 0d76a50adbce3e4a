"""How the roles of a process see the chain: one view, kept up to date for all of them."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Generic, TypeVar

from solders.pubkey import Pubkey

from keeper.chain.errors import WrongClusterError
from keeper.chain.feed import ChainEvent, FeedItem, LostEvents
from keeper.chain.gateway import Gateway
from keeper.node.changes import Changes, Counter, Notice
from keeper.node.errors import RoleError
from keeper.node.timeline import Timeline
from keeper.node.trouble import Trouble
from keeper.telemetry import METRICS
from neurolov_client import Event
from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES

LOG = logging.getLogger(__name__)

# The feed backfills what a lost connection missed. This bounds what a wrong feed could cost.
RECONCILE_SLOTS = 50
MIN_TRANSFER_SECONDS = 5.0


@dataclass(slots=True)
class BaseView:
    """The part of a view that is the same for jobs and tasks.

    `slot` is the latest slot seen, `swept_slot` the one in which everything was read last.
    `slot_hashes` begin with the newest; they are read only while something depends on them.
    """

    slot: int
    swept_slot: int
    slot_hashes: tuple[tuple[int, bytes], ...]


View = TypeVar("View", bound=BaseView)


class Mirror(ABC, Generic[View]):
    """Reads the chain and wakes whoever waits for news.

    With a feed (see `follow`), an update reads only the jobs or tasks that events named, and the
    few accounts that all of them share. Everything is read at the start, after a gap in an
    account's sequence numbers, and every RECONCILE_SLOTS. Without a feed every poll reads
    everything.
    """

    def __init__(self, gateway: Gateway, poll_seconds: float) -> None:
        self.gateway = gateway
        self._poll_seconds = poll_seconds
        self._followed = False
        self._changes = Changes()
        self._began: tuple[float, int] | None = None
        self._view: View | None = None
        self._lock = asyncio.Lock()
        self._renewed = asyncio.Event()
        self._unreadable = Trouble("the chain cannot be read for now", LOG)

    @property
    def view(self) -> View:
        """The latest view; RoleError before the first."""
        if self._view is None:
            raise RoleError("the chain has not been read yet")
        return self._view

    @property
    def slot_seconds(self) -> float:
        """Seconds per slot as seen so far; the pause between polls before a slot has passed."""
        if self._began is None or self.view.slot <= self._began[1]:
            return self._poll_seconds
        since, first = self._began
        return (monotonic() - since) / (self.view.slot - first)

    @property
    def timeline(self) -> Timeline:
        """The timeline of the latest view, by the length of a slot as seen so far."""
        return Timeline(self.view.slot, datetime.now(UTC), self.slot_seconds)

    def transfer_seconds(self, deadline: int) -> float:
        """Returns half of the seconds until a slot: what is served more slowly is unavailable.

        The least is MIN_TRANSFER_SECONDS.
        """
        slots = max(1, deadline - self.view.slot)
        return max(MIN_TRANSFER_SECONDS, slots * self.slot_seconds / 2)

    async def run(self) -> None:
        """Poll until cancelled, whatever the node answers; raises WrongClusterError."""
        while True:
            try:
                await self.poll()
            except WrongClusterError:
                raise
            except Exception as error:
                # Nothing that a node answers may end a role, be it late, refused, or nonsense.
                self._unreadable.tell(error)
            else:
                self._unreadable.over()
            await asyncio.sleep(self._poll_seconds)

    async def next_view(self) -> None:
        """Wait until a slot has passed or something has changed."""
        await self._renewed.wait()

    def wake(self) -> None:
        """Let whoever waits for news decide again: something changed on this machine."""
        renewed, self._renewed = self._renewed, asyncio.Event()
        renewed.set()

    def follow_events(self) -> None:
        """Rely on `observe` from now on; the next poll reads everything once more."""
        self._followed = True
        self._changes.missed()

    def ignore_events(self) -> None:
        """Read everything with every poll again."""
        self._followed = False

    def observe(self, item: FeedItem) -> None:
        """Note what an item of the feed says has changed."""
        match item:
            case ChainEvent(event=event):
                self._changes.observe(self.notice(event))
            case LostEvents():
                self._changes.missed()

    async def refresh(self) -> View:
        """Read everything and wake whoever waits; raises ChainError."""
        async with self._lock:
            self._changes.begin_sweep()
            try:
                slot = await self.gateway.slot()
                self._began = self._began or (monotonic(), slot)
                view = await self._sweep(slot)
            except BaseException:
                self._changes.missed()
                raise
            self._changes.swept(self.sequences(view))
            self._renew(view)
            return view

    async def reread(self, subject: Pubkey | None) -> None:
        """Read a subject and the shared accounts again, everything where no feed is followed."""
        if not self._followed or self._changes.sweep_due:
            await self.refresh()
        else:
            self._changes.touch(subject)
            await self._update(await self.gateway.slot())

    async def poll(self) -> None:
        """Read what is due, at least the slot; raises ChainError."""
        if self._view is None or not self._followed or self._changes.sweep_due:
            await self.refresh()
            return
        slot = await self.gateway.slot()
        reconciling = slot >= self.view.swept_slot + RECONCILE_SLOTS
        if reconciling or slot < self.view.slot:
            # A node may have been replaced by one of another chain between two requests.
            await self.gateway.check_cluster()
        if reconciling:
            await self.refresh()
        elif self._changes.update_due or self.view.slot_hashes:
            await self._update(slot)
        elif slot > self.view.slot:
            async with self._lock:
                self._renew(replace(self.view, slot=max(slot, self.view.slot)))

    async def _update(self, slot: int) -> None:
        async with self._lock:
            subjects = self._changes.begin()
            try:
                view = await self._read(self.view, max(slot, self.view.slot), subjects)
            except BaseException:
                self._changes.failed(subjects)
                raise
            held = self.sequences(view)
            self._changes.updated(
                subjects, {key: told for key, told in held.items() if key[1] in subjects}
            )
            self._renew(view)

    def _renew(self, view: View) -> None:
        self._view = view
        METRICS.set("slot", view.slot)
        self.wake()

    def beacon(self, posted_slot: int) -> bytes | None:
        """Returns the hash of the lowest slot at or after `posted_slot`, None when it aged out.

        Raises LookupError while it does not exist.
        """
        hashes = self.view.slot_hashes
        after = [entry for entry in hashes if entry[0] >= posted_slot]
        if not after:
            raise LookupError(posted_slot)
        slot, value = after[-1]
        if len(after) == len(hashes) >= SLOT_HASHES_ENTRIES and slot != posted_slot:
            return None
        return value

    def beacons(self, posted: Mapping[Pubkey, int]) -> dict[Pubkey, bytes | None]:
        """Returns the beacon of each job or task by its posting slot, without those to come."""
        found: dict[Pubkey, bytes | None] = {}
        for address, slot in posted.items():
            with suppress(LookupError):
                found[address] = self.beacon(slot)
        return found

    @abstractmethod
    def notice(self, event: Event) -> Notice:
        """Returns what an event says has changed."""

    @abstractmethod
    def sequences(self, view: View) -> Mapping[Counter, int]:
        """Returns the sequence number of each account of a view that events count in."""

    @abstractmethod
    async def _sweep(self, slot: int) -> View:
        """Read everything; `slot` is the current one."""

    @abstractmethod
    async def _read(self, view: View, slot: int, subjects: frozenset[Pubkey]) -> View:
        """Read the subjects and the shared accounts; the rest stays as in `view`."""
