"""Follows a buyer's own work to its end: nothing is closed before its result is kept.

A process takes all open work of its folder that no other process follows, so that whichever buyer
runs, no result is lost.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError
from keeper.data import DataError
from keeper.node.buying.submissions import HeldElsewhereError, Submissions
from keeper.node.errors import RoleError
from keeper.node.mirror import Mirror
from keeper.node.services import Announced

TAKING_TRIES: Final = 3
"""Other processes hold work for a moment while they find out whose it is."""

Record = TypeVar("Record")
Tell = Callable[[str], None]


class LostError(RoleError):
    """The result of paid work is not kept here."""


class Acting(Protocol):
    """The buyer's role: it acts on what it follows, and closes nothing that it is to keep."""

    followed: set[Pubkey] | None
    keep: set[Pubkey]


class Custody(ABC, Generic[Record]):
    """The work that this process follows. `followed` and `keep` of the role are its to change."""

    word: ClassVar[str]
    """What a piece of work is called, and the command that is about it."""

    def __init__(
        self,
        mirror: Mirror[Any],
        role: Acting,
        submissions: Submissions,
        announced: Announced,
        tell: Tell,
    ) -> None:
        """`announced` serves the data of work where its submission said; `tell` hears changes."""
        self.tell = tell
        self._mirror = mirror
        self._role = role
        self._submissions = submissions
        self._announced = announced
        self._followed: set[Pubkey] = set()
        role.followed = self._followed
        self._held = ExitStack()
        self._failed: dict[Pubkey, RoleError] = {}
        self._group = asyncio.TaskGroup()

    @abstractmethod
    def open(self) -> Mapping[Pubkey, Any]:
        """Returns all work that is open on the chain, by address."""

    @abstractmethod
    def belongs(self, address: Pubkey) -> bool:
        """Returns whether open work was posted from this folder."""

    @abstractmethod
    def record(self, address: Pubkey) -> Record | None:
        """Returns how work ended, None unless that is kept, with its result if it has one."""

    @abstractmethod
    async def keep(self, address: Pubkey) -> None:
        """Wait until work has ended and keep how, with its result; it may be closed then.

        Returns also where it was closed by somebody else.
        """

    async def run(self) -> None:
        """Follow all open work of the folder that nobody else follows, until cancelled."""
        with self._held:
            async with self._announced, self._group:
                while True:
                    for address in self.open():
                        if address not in self._followed and self.belongs(address):
                            self._adopt(address)
                    await self._mirror.next_view()

    def take(self, address: Pubkey) -> bool:
        """Follow open work from now on; returns whether this process does."""
        if address in self._followed:
            return True
        with ExitStack() as holding:
            if not holding.enter_context(self._submissions.following(address)):
                return False
            self._hold(address, holding.pop_all())
            return True

    def _adopt(self, address: Pubkey) -> None:
        """Follow open work unless another process does, or has just posted it and is about to."""
        with ExitStack() as holding:
            mine = holding.enter_context(self._submissions.following(address))
            if mine and not self._submissions.is_under_way(address):
                self._hold(address, holding.pop_all())

    def _hold(self, address: Pubkey, held: ExitStack) -> None:
        self._held.push(held)
        if self.record(address) is None:
            self._role.keep.add(address)
        self._followed.add(address)
        self._group.create_task(self._follow(address))

    def followed(self) -> list[Pubkey]:
        """Returns the open work that this process follows."""
        return [address for address in self.open() if address in self._followed]

    async def closed(self, address: Pubkey) -> Record:
        """Returns how work ended, once nothing of it is open any more.

        Raises RoleError where its result cannot be had, and leaves it open. Raises
        HeldElsewhereError where another process follows it.
        """
        for left in reversed(range(TAKING_TRIES)):
            if address not in self.open() or self.take(address):
                break
            if left == 0:
                raise HeldElsewhereError(
                    f"another process of this folder follows {self.word} {address}, and keeps its "
                    "result"
                )
            await self._mirror.next_view()
        while address in self.open():
            if (error := self._failed.get(address)) is not None:
                raise error
            await self._mirror.next_view()
        record = self.record(address)
        if record is None:
            raise LostError(
                f"{self.word} {address} was closed from another folder or machine of the same key; "
                "its result is kept there"
            )
        return record

    async def _follow(self, address: Pubkey) -> None:
        try:
            if self.record(address) is None:
                submission = self._submissions.of(address)
                if submission is not None:
                    # Whoever is drawn looks for the data there, and votes that they are missing.
                    await self._announced.serve(submission.host, submission.port)
                await self.keep(address)
        except (ChainError, RoleError, DataError, OSError) as error:
            # The accounts stay open, so that whoever follows it next may have more luck.
            told = f"{self.word} {address}: {error}"
            self._failed[address] = error if isinstance(error, RoleError) else LostError(told)
            self.tell(f"{self.word} {address} stays open: {error}")
        else:
            self._role.keep.discard(address)
        self._mirror.wake()
