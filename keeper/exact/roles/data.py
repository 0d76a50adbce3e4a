"""A node's access to the data of jobs: what it stores and serves, and what others serve."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.compute import HostLane
from keeper.data import (
    BlobClient,
    BlobStore,
    Reservation,
    ReservationKind,
    StageIndexes,
    SumsSource,
)
from keeper.exact.roles.archive import TraceArchive
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.decisions.retention import Keeping
from keeper.node.eviction import Eviction
from keeper.node.services import Services, Storage


@dataclass(frozen=True, slots=True)
class JobData:
    """The node's store with its stage indexes, what fetches and keeps data by them, and sums."""

    client: BlobClient
    store: BlobStore
    indexes: StageIndexes
    workloads: WorkloadFetcher
    archive: TraceArchive
    eviction: Eviction
    sums: SumsSource

    def reservation(self, job: Pubkey) -> Reservation:
        """Returns a job's reservation in the store."""
        return self.store.reservation(ReservationKind.JOBS, str(job))

    async def evict(self, keeping: Callable[[Pubkey], Keeping]) -> None:
        """Drop the data of jobs as `keeping` says."""
        if due := self.eviction.due(keeping):
            await asyncio.to_thread(self.eviction.carry_out, due, self.archive.forget)


def job_data(services: Services, storage: Storage) -> JobData:
    """Returns the access to job data of a node with this storage."""
    store, indexes = storage.store, storage.indexes
    return JobData(
        client=services.client,
        store=store,
        indexes=indexes,
        workloads=WorkloadFetcher(services.client, store, HostLane()),
        archive=TraceArchive(storage.folder, store, indexes),
        eviction=Eviction(store, ReservationKind.JOBS, indexes, storage.retention_seconds),
        sums=storage.sums,
    )
