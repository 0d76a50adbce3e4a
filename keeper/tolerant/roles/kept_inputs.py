"""Large inputs of tasks on disk, so that the next task with the same weights brings none anew."""

import asyncio
from typing import Final

from keeper.data import BlobClient, BlobStore, OwnFault, Reservation, ReservationKind
from keeper.data.sealing import sealed_bytes

KEPT_FROM_BYTES: Final = 1 << 20
"""Smaller inputs are fetched each time."""
KEPT_SECONDS: Final = 24 * 60 * 60
"""How long an input stays after its last use."""
SHARE: Final = 4
"""Kept inputs use at most one part in so many of the store's quota."""


class KeptInputs:
    """The inputs that a provider keeps in its store, each under its digest.

    They give way to nothing but each other: what a task's output needs is set aside in the rest of
    the quota.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    async def fetch(self, client: BlobClient, source: str, digest: str, size: int) -> bytes:
        """Returns an input of at most `size` bytes, from the store or else from `source`.

        Raises what `BlobClient.fetch` raises. Where the disk or the quota has no room for it, it is
        fetched all the same and not kept.
        """
        if size < KEPT_FROM_BYTES:
            return await client.fetch(source, digest, size)
        reservation = self._store.reservation(ReservationKind.KERNEL_INPUTS, digest)
        try:
            if await asyncio.to_thread(self._has_room, reservation, size):
                if digest not in reservation:
                    await client.fetch_into(reservation, source, digest, size)
                return await asyncio.to_thread(self._used, reservation, digest)
        except OwnFault:
            await asyncio.to_thread(reservation.release)
        except BaseException:
            await asyncio.to_thread(self._forget_unfinished, reservation, digest)
            raise
        return await client.fetch(source, digest, size)

    def tidy(self) -> None:
        """Drop the inputs that have not been used for KEPT_SECONDS."""
        for reservation in self._kept():
            if reservation.expired:
                reservation.release()

    def _has_room(self, reservation: Reservation, size: int) -> bool:
        """Returns whether an input fits, once those that were not used for longest have gone."""
        if reservation.exists:
            return True
        room = self._store.quota_bytes // SHARE - sealed_bytes(size)
        if room < 0:
            return False
        kept = sorted(self._kept(), key=lambda each: each.until or 0.0)
        sizes = [self._store.file_bytes(each.name) or 0 for each in kept]
        total = sum(sizes)
        for each, freed in zip(kept, sizes, strict=True):
            if total <= room:
                break
            each.release()
            total -= freed
        return True

    def _used(self, reservation: Reservation, digest: str) -> bytes:
        reservation.keep()
        reservation.retain(KEPT_SECONDS)
        return reservation.get(digest)

    def _forget_unfinished(self, reservation: Reservation, digest: str) -> None:
        if digest not in reservation:
            reservation.release()

    def _kept(self) -> list[Reservation]:
        return self._store.reservations(ReservationKind.KERNEL_INPUTS)
