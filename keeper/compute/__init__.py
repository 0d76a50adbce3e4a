"""Runs jobs: executors, the threads they run in, and the part of a graph that a stage covers."""

from keeper.compute.executor import (
    AdapterMissingError,
    CapacityError,
    RenewingExecutor,
    SelectedExecutor,
    select_executor,
)
from keeper.compute.hashing import hasher_on
from keeper.compute.lane import ComputeLane, HostLane, Lane
from keeper.compute.segment import commit_segment, execute_segment, segment
from keeper.compute.self_test import SelfTestError, SelfTestReport, self_test

__all__ = [
    "AdapterMissingError",
    "CapacityError",
    "ComputeLane",
    "HostLane",
    "Lane",
    "RenewingExecutor",
    "SelectedExecutor",
    "SelfTestError",
    "SelfTestReport",
    "commit_segment",
    "execute_segment",
    "hasher_on",
    "segment",
    "select_executor",
    "self_test",
]
