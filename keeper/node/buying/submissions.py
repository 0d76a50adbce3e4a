"""What a buyer has ordered: each submission is on disk before anything of it is paid.

A submission is known by its content, and by a nonce that tells repeated ones of equal content
apart. So whoever repeats a command goes on with what the command has begun.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.configuration import Serving
from keeper.errors import BadInputError
from keeper.files import replace_atomically
from keeper.journal import Journal, State
from keeper.locks import held

FOLDER = "submissions"
FOLLOWED = "followed"
NONCE_BYTES = 16
RECORD_SUFFIX = ".json"
LOCK_SUFFIX = ".lock"
POSTING_POLL_SECONDS = 0.1


Offer_co = TypeVar("Offer_co", covariant=True)


class Agreement(Protocol[Offer_co]):
    """Settles with whoever pays what work costs, before anything is sent."""

    async def offer(self, gateway: Gateway, owner: Pubkey) -> Offer_co:
        """Returns what the owner offers, as the market is now; raises ChainError."""
        ...

    async def confirm(self) -> None:
        """Ask; raises where the answer is no."""
        ...


class HeldElsewhereError(BadInputError):
    """Another process is doing this very thing."""


class OpenElsewhereError(BadInputError):
    """Equal work is open that was posted from another folder."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One order of a job or task.

    `address` is that of the latest try to post it, None before the first. The data are served by
    `host` and `port`, and reached by `public_url` where that is set.
    """

    content: str
    nonce: str
    address: str | None
    host: str
    port: int
    public_url: str | None

    def operation(self, step: str) -> str:
        """Returns the journal's name of a step that posts it at `address`."""
        return f"{step}/{self.address}/{self.nonce}"

    def landed_in(self, journal: Journal, step: str) -> Pubkey | None:
        """Returns the address once the posting has landed, None where it has not and never will.

        The journal has to have brought unfinished operations to their end.
        """
        operation = journal.operation(self.operation(step)) if self.address is not None else None
        if self.address is None or operation is None or operation.state is not State.LANDED:
            return None
        return Pubkey.from_string(self.address)


def content_of(owner: Pubkey, workload: str, offer: Mapping[str, Any]) -> str:
    """Returns the digest of what an owner orders: the workload's digest, and what is offered."""
    ordered = {"owner": str(owner), "workload": workload, "offer": offer}
    return hashlib.sha256(json.dumps(ordered, sort_keys=True).encode()).hexdigest()


class Submissions:
    """The submissions of one kind in a node's folder, one file each."""

    def __init__(self, folder: Path, kind: str) -> None:
        """`kind` names the class of work, as "jobs" or "tasks"."""
        self._root = folder / FOLDER / kind
        self._followed = folder / FOLLOWED / kind

    def latest(self, content: str) -> Submission | None:
        """Returns the newest submission of a content, None where there is none."""
        paths = self._paths(content)
        return _read(paths[-1]) if paths else None

    def of(self, address: Pubkey) -> Submission | None:
        """Returns the submission that was posted at an address, None where none was from here."""
        return self.by_address().get(str(address))

    def by_address(self) -> dict[str, Submission]:
        """Returns every submission that was to be posted, by its address."""
        found = map(_read, sorted(self._root.glob(f"*{RECORD_SUFFIX}")))
        return {each.address: each for each in found if each.address is not None}

    def begin(self, content: str, serving: Serving) -> Submission:
        """Write a new submission of a content and return it."""
        begun = Submission(
            content=content,
            nonce=secrets.token_hex(NONCE_BYTES),
            address=None,
            host=serving.host,
            port=serving.port,
            public_url=serving.public_url,
        )
        self._write(self._root / f"{content}-{len(self._paths(content)):06}{RECORD_SUFFIX}", begun)
        return begun

    def bind(self, submission: Submission, address: Pubkey, serving: Serving) -> Submission:
        """Write at which address the latest submission of its content is about to be posted."""
        bound = replace(
            submission,
            address=str(address),
            host=serving.host,
            port=serving.port,
            public_url=serving.public_url,
        )
        self._write(self._paths(submission.content)[-1], bound)
        return bound

    @contextmanager
    def alone(self, content: str) -> Iterator[None]:
        """Keeps other processes from submitting the same content during the block.

        Raises HeldElsewhereError where one is at it.
        """
        with held(self._root / f"{content}{LOCK_SUFFIX}") as mine:
            if not mine:
                latest = self.latest(content)
                what = "" if latest is None or latest.address is None else f": {latest.address}"
                raise HeldElsewhereError(
                    f"another process is submitting the same{what}; wait for it, or pass --again "
                    "once it has ended to pay for another one"
                )
            yield

    def is_under_way(self, address: Pubkey) -> bool:
        """Returns whether a process is at the submission that was posted at an address."""
        submission = self.of(address)
        if submission is None:
            return False
        with held(self._root / f"{submission.content}{LOCK_SUFFIX}") as free:
            return not free

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[None]:
        """Waits until no other process of this folder is posting, and keeps them from it.

        Two that post at once would take the same number, and draw a salt for the same address.
        """
        while True:
            with held(self._root / f"posting{LOCK_SUFFIX}") as mine:
                if mine:
                    yield
                    return
            await asyncio.sleep(POSTING_POLL_SECONDS)

    @contextmanager
    def following(self, address: Pubkey) -> Iterator[bool]:
        """Yields whether this block alone follows a job or task of this folder."""
        with held(self._followed / f"{address}{LOCK_SUFFIX}") as mine:
            yield mine

    def _paths(self, content: str) -> list[Path]:
        return sorted(self._root.glob(f"{content}-*{RECORD_SUFFIX}"))

    def _write(self, path: Path, submission: Submission) -> None:
        with replace_atomically(path) as file:
            file.write(json.dumps(asdict(submission), sort_keys=True).encode())


def _read(path: Path) -> Submission:
    return Submission(**json.loads(path.read_bytes()))
