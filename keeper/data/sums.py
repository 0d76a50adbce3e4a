"""Sums that a node tells: what a job's outputs were rounded from, and what nobody committed."""

from collections.abc import Awaitable, Callable

from keeper.data.errors import BlobMissingError, BusyError

MOST_WAITING = 16

SumsOf = Callable[[str, str, int], Awaitable[bytes]]
"""Returns the sums of an operator, given the job, a stage's root and the operator's number.

Raises BlobMissingError where the node has none.
"""


class SumsSource:
    """Where a data server gets sums from once its node has a provider; without one it has none.

    They are computed when they are asked for, so a bounded number of requests may wait.
    """

    def __init__(self) -> None:
        self._compute: SumsOf | None = None
        self._waiting = 0

    def connect(self, compute: SumsOf) -> None:
        """Serve what this function returns."""
        self._compute = compute

    async def get(self, job: str, root: str, operator: int) -> bytes:
        """Returns an operator's sums; raises BlobMissingError and BusyError."""
        if self._compute is None:
            raise BlobMissingError("this node runs no jobs")
        if self._waiting == MOST_WAITING:
            raise BusyError(f"{MOST_WAITING} requests for sums are waiting")
        self._waiting += 1
        try:
            return await self._compute(job, root, operator)
        finally:
            self._waiting -= 1
