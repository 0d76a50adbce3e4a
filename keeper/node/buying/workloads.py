"""A buyer's workloads in its store: kept while a job or task that it posted needs them."""

from collections.abc import Collection, Iterable
from typing import Final

from keeper.data import BlobStore, Reservation, ReservationKind

UNPOSTED_SECONDS: Final = 86_400.0
"""What is stored and not posted within this time is dropped."""


def store_workload(reservation: Reservation, blobs: Iterable[bytes]) -> None:
    """Put a workload into its reservation.

    Raises QuotaExceededError and StorageError, and then leaves nothing behind.
    """
    known = reservation.exists
    try:
        for blob in blobs:
            reservation.put(blob)
        reservation.retain(UNPOSTED_SECONDS)
    except BaseException:
        if not known:
            reservation.release()
        raise


def keep_posted(store: BlobStore, kind: ReservationKind, posted: Collection[str]) -> None:
    """Keep the workloads of these names, and drop those whose jobs were closed.

    One that this process has not seen posted is another's, which may have posted it since the chain
    was read here. It has the time of one that is not posted.
    """
    for reservation in store.reservations(kind):
        if reservation.name in posted:
            reservation.keep()
        elif reservation.was_kept or reservation.expired:
            reservation.release()
        else:
            reservation.retain(UNPOSTED_SECONDS)
