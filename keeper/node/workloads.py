"""A buyer's workloads in its store: kept while a job or task that it posted needs them."""

from collections.abc import Collection, Iterable
from typing import Final

from keeper.data import BlobStore, Room, RoomKind

UNPOSTED_SECONDS: Final = 86_400.0
"""What is stored and not posted within this time is dropped."""


def store_workload(room: Room, blobs: Iterable[bytes]) -> None:
    """Put a workload into its room.

    Raises QuotaExceededError and StorageError, and then leaves nothing behind.
    """
    known = room.exists
    try:
        for blob in blobs:
            room.put(blob)
        room.retain(UNPOSTED_SECONDS)
    except BaseException:
        if not known:
            room.release()
        raise


def keep_posted(store: BlobStore, kind: RoomKind, posted: Collection[str]) -> None:
    """Keep the workloads of these names, and drop those whose jobs were closed."""
    for room in store.rooms(kind):
        if room.name in posted:
            room.keep()
        elif not room.retained or room.expired:
            room.release()
