"""What a patient gateway does while its cluster does not answer: it waits, and says so once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

from keeper.chain.errors import (
    AccessRefusedError,
    ChainError,
    TransientError,
    WrongClusterError,
)
from keeper.chain.gateway.backoff import Backoff

_LOG = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Patience:
    """How an outage is waited out. Seconds throughout.

    An outage is told once it has lasted `told_after`. A probe has `probe_seconds` to be answered,
    and `pauses` says how long to wait between probes.
    """

    told_after: float = 2.0
    probe_seconds: float = 5.0
    pauses: Backoff = field(default_factory=lambda: Backoff(attempts=8, cap=2.0))
    clock: Callable[[], float] = monotonic


class Outages:
    """The times at which a cluster did not answer, as all requests of a gateway see them.

    `probe` asks for the cluster's identity. An outage begins with a request that fails and a probe
    that fails too, and ends with the first probe that is answered.
    """

    def __init__(
        self, url: str, probe: Callable[[], Awaitable[object]], patience: Patience | None = None
    ) -> None:
        self._url = url
        self._probe = probe
        self._patience = patience or Patience()
        self._lock = asyncio.Lock()
        self._count = 0
        self._since: float | None = None
        self._told = False
        self._known = False

    @property
    def under_way(self) -> bool:
        """Whether the cluster does not answer at present, as far as requests have shown."""
        return self._since is not None

    async def outlast(self, ask: Callable[[], Awaitable[Answer]], backoff: Backoff) -> Answer:
        """Returns what `ask` does, however long the cluster does not answer.

        Raises TransientError where it answers everything but this in all attempts,
        ChainReplacedError where another cluster answers after an outage, and AccessRefusedError
        where it refused this caller from the start.
        """
        attempt = 0
        while True:
            seen, asked = self._count, self._patience.clock()
            try:
                answer = await ask()
            except (TransientError, AccessRefusedError) as error:
                # A proxy whose node is away may refuse what it let through before.
                if isinstance(error, AccessRefusedError) and not self._known:
                    raise
                if await self._waited(seen, asked, error):
                    attempt = 0
                    continue
                attempt += 1
                if attempt >= backoff.attempts:
                    raise
                await backoff.sleep(backoff.pause(attempt))
            else:
                self._known = True
                return answer

    async def _waited(self, seen: int, asked: float, error: ChainError) -> bool:
        """Returns False where the cluster answers and did so since outage number `seen`."""
        async with self._lock:
            if self._since is None and self._count != seen:
                return True
            tries = 0
            while not await self._answered():
                self._begin(asked, error)
                tries = min(tries + 1, self._patience.pauses.attempts)
                await self._patience.pauses.sleep(self._patience.pauses.pause(tries))
            self._end()
            return self._count != seen

    async def _answered(self) -> bool:
        try:
            async with asyncio.timeout(self._patience.probe_seconds):
                await self._probe()
        except WrongClusterError:
            raise
        except (ChainError, TimeoutError) as error:
            if isinstance(error, AccessRefusedError) and not self._known:
                raise
            return False
        return True

    def _begin(self, asked: float, error: ChainError) -> None:
        if self._since is None:
            self._since = asked
            self._count += 1
        lasted = self._patience.clock() - self._since
        if not self._told and lasted >= self._patience.told_after:
            self._told = True
            _LOG.warning("the cluster at %s does not answer; trying again (%s)", self._url, error)

    def _end(self) -> None:
        if self._since is not None and self._told:
            lasted = self._patience.clock() - self._since
            _LOG.warning("the cluster at %s answers again after %.0f s", self._url, lasted)
        self._since, self._told = None, False
