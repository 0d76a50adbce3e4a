"""A node's access to the data of jobs: what it stores and serves, and what others serve."""

from dataclasses import dataclass

from keeper.compute import HostLane
from keeper.data import BlobClient, BlobStore, StageIndexes
from keeper.exact.roles.archive import TraceArchive
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.services import Services, Storage


@dataclass(frozen=True, slots=True)
class JobData:
    """The node's store with its stage indexes, and what fetches and keeps data by them."""

    client: BlobClient
    store: BlobStore
    indexes: StageIndexes
    workloads: WorkloadFetcher
    archive: TraceArchive


def job_data(services: Services, storage: Storage) -> JobData:
    """Returns the access to job data of a node with this storage."""
    store, indexes = storage.store, storage.indexes
    return JobData(
        client=services.client,
        store=store,
        indexes=indexes,
        workloads=WorkloadFetcher(services.client, store, HostLane()),
        archive=TraceArchive(storage.folder, store, indexes),
    )
