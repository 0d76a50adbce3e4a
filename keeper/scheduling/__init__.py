"""Shares the time and memory of one device between concurrent tenants."""

from keeper.scheduling.fairness import jain_index
from keeper.scheduling.partitions import AdmissionError, MemoryPartitions
from keeper.scheduling.queue import FairQueue
from keeper.scheduling.sharing import SharedDevice, TenantLane
from keeper.scheduling.slices import commit_in_slices, slices

__all__ = [
    "AdmissionError",
    "FairQueue",
    "MemoryPartitions",
    "SharedDevice",
    "TenantLane",
    "commit_in_slices",
    "jain_index",
    "slices",
]
