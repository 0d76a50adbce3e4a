"""Gives the reservations of ended jobs and tasks back to the store."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.data import BlobStore, OwnFault, ReservationKind, StageIndexes
from keeper.node.decisions.retention import Keeping
from keeper.telemetry import METRICS

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Eviction:
    """Evicts what is kept for jobs, or for tasks, of one node.

    What RETAINED data are kept for is `retention_seconds` from the moment at which the node first
    sees that the job has ended; a restart does not begin it anew.
    """

    store: BlobStore
    kind: ReservationKind
    indexes: StageIndexes
    retention_seconds: float

    def due(self, keeping: Callable[[Pubkey], Keeping]) -> dict[str, Keeping]:
        """Returns the jobs that something is to be done about, with what is to be done."""
        found: dict[str, Keeping] = {}
        names = {each.name for each in self.store.reservations(self.kind)}
        for name in names | set(self.indexes.jobs()):
            wanted = keeping(Pubkey.from_string(name))
            reservation = self.store.reservation(self.kind, name)
            if wanted is Keeping.DONE or (wanted is Keeping.RETAINED and reservation.expired):
                found[name] = Keeping.DONE
            elif wanted is Keeping.RETAINED and reservation.exists and reservation.until is None:
                found[name] = Keeping.RETAINED
        return found

    def carry_out(self, due: dict[str, Keeping], forget: Callable[[str], None]) -> None:
        """Retain and release the reservations of `due`; `forget` drops what else is kept of a job.

        The reservation is released last, so that whatever a crash leaves is found again. What
        another process uses stays for now.
        """
        for name, wanted in due.items():
            reservation = self.store.reservation(self.kind, name)
            try:
                if wanted is Keeping.RETAINED:
                    reservation.retain(self.retention_seconds)
                    continue
                with self.store.in_use(name):
                    forget(name)
                    self.indexes.remove(name)
                    reservation.release()
            except (OwnFault, OSError) as error:
                LOG.warning("the data of %s stay for now: %s", name, error)
        METRICS.set("store_free_bytes", self.store.free_bytes)
