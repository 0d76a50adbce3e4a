"""How roles watch the chain: read in one sweep, shared by all roles of a process."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Generic, TypeVar

from solders.account import Account as RawAccount
from solders.token.state import TokenAccount

from idl.client import Account
from keeper.chain.errors import TransientError
from keeper.chain.feed import Feed
from keeper.chain.gateway import Gateway
from keeper.journal import Journal
from keeper.node.errors import RoleError
from keeper.telemetry import METRICS

AccountType = TypeVar("AccountType", bound=Account)

LOG = logging.getLogger(__name__)

# The feed backfills what a lost connection missed; this bounds what a wrong feed could cost.
RECONCILE_SLOTS = 50
SLOT_HASH_BYTES = 40
SLOT_HASHES_KEPT = 512


@dataclass(slots=True)
class Sweep:
    """What every sweep tells, and the slot since.

    slot_hashes, read while something waits to be claimed, begin with the newest.
    """

    slot: int
    swept_slot: int
    slot_hashes: tuple[tuple[int, bytes], ...]


View = TypeVar("View", bound=Sweep)


class Mirror(ABC, Generic[View]):
    """Sweeps the chain and wakes who waits; `run` keeps it fresh, `refresh` reads at once.

    The feed of the named programs tells when something has changed; with a journal in common, no
    other mirror may name one of them. Without a feed, and while something waits to be claimed,
    whose order hangs on slot hashes, every look is a sweep.
    """

    def __init__(
        self,
        gateway: Gateway,
        programs: Sequence[str],
        poll_seconds: float,
        journal: Journal | None = None,
    ) -> None:
        self.gateway = gateway
        self._programs = programs
        self._journal = journal
        self._changed = True
        self._began: tuple[float, int] | None = None
        self._poll_seconds = poll_seconds
        self._view: View | None = None
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()

    @property
    def view(self) -> View:
        """The latest sweep; RoleError before the first."""
        if self._view is None:
            raise RoleError("the chain has not been read yet")
        return self._view

    @property
    def slot_seconds(self) -> float:
        """Length of a slot as seen so far; the pause between looks before a slot has passed."""
        if self._began is None or self.view.slot <= self._began[1]:
            return self._poll_seconds
        since, first = self._began
        return (monotonic() - since) / (self.view.slot - first)

    async def run(self) -> None:
        """Look until cancelled; raises ChainError where the node refuses for good."""
        if self._journal is None:
            await self._look()
            return
        async with (
            Feed(self.gateway, self._journal, programs=self._programs) as feed,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._look())
            async for _ in feed:
                self._changed = True

    async def next_look(self) -> None:
        """Wait until a slot has passed or something has changed."""
        await self._woken.wait()

    async def refresh(self) -> View:
        """Read everything and wake all who wait."""
        async with self._lock:
            self._changed = self._journal is None
            try:
                slot = await self.gateway.slot()
                self._began = self._began or (monotonic(), slot)
                self._view = await self._sweep(slot)
            except BaseException:
                self._changed = True
                raise
            self._wake()
            return self._view

    async def _look(self) -> None:
        while True:
            try:
                await self._look_once()
            except TransientError as error:
                LOG.warning("the chain cannot be read for now: %s", error)
            await asyncio.sleep(self._poll_seconds)

    async def _look_once(self) -> None:
        view = self._view
        if view is None or self._changed or view.slot_hashes:
            await self.refresh()
            return
        slot = await self.gateway.slot()
        if slot >= view.swept_slot + RECONCILE_SLOTS:
            await self.refresh()
        elif self._view is view and slot > view.slot:
            self._view = replace(view, slot=slot)
            self._wake()

    def _wake(self) -> None:
        METRICS.set("slot", self.view.slot)
        woken, self._woken = self._woken, asyncio.Event()
        woken.set()

    def beacon(self, posted_slot: int) -> bytes | None:
        """Hash of the lowest slot at or after posted_slot; None when it aged out.

        Raises LookupError while it does not exist.
        """
        hashes = self.view.slot_hashes
        after = [entry for entry in hashes if entry[0] >= posted_slot]
        if not after:
            raise LookupError(posted_slot)
        slot, value = after[-1]
        if len(after) == len(hashes) >= SLOT_HASHES_KEPT and slot != posted_slot:
            return None
        return value

    @abstractmethod
    async def _sweep(self, slot: int) -> View:
        """Read everything; slot is the current one."""


def optional(kind: type[AccountType], raw: RawAccount | None) -> AccountType | None:
    """The typed account, None where there is none."""
    return None if raw is None else kind.decode(bytes(raw.data), owner=raw.owner)


def required(kind: type[AccountType], raw: RawAccount | None) -> AccountType:
    """The typed account; RoleError where there is none."""
    found = optional(kind, raw)
    if found is None:
        raise RoleError(
            f"the cluster has no {kind.PROGRAM} {kind.__name__}; deploy the programs or correct "
            "the URL"
        )
    return found


def tokens_of(raw: RawAccount | None) -> int:
    """Base units in a token account, 0 where there is none."""
    return 0 if raw is None else TokenAccount.from_bytes(bytes(raw.data)).amount


def slot_hashes_of(raw: RawAccount | None) -> tuple[tuple[int, bytes], ...]:
    """SlotHashes sysvar: count u64, then slot u64 and hash, the newest first; empty unread."""
    if raw is None:
        return ()
    data = bytes(raw.data)
    count = int.from_bytes(data[:8], "little")
    entries = (
        data[8 + at * SLOT_HASH_BYTES : 8 + (at + 1) * SLOT_HASH_BYTES] for at in range(count)
    )
    return tuple((int.from_bytes(entry[:8], "little"), entry[8:]) for entry in entries)
