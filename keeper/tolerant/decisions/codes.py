"""The chain's codes for tasks and their runs."""

from enum import IntEnum


class TaskState(IntEnum):
    """Task.state of the redundancy program. Every state from SETTLED on is final."""

    JOINING = 0
    RUNNING = 1
    REVEALING = 2
    COMPARING = 3
    DECIDING = 4
    SETTLED = 5
    UNDECIDED = 6
    CANCELLED = 7


class RunState(IntEnum):
    """Run.state. A silent run has lost its bond."""

    JOINED = 0
    COMMITTED = 1
    REVEALED = 2
    SILENT = 3
