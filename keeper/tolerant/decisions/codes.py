"""The chain's codes for tasks and their runs."""

from neurolov_client.bindings.redundancy import RunState
from neurolov_client.bindings.redundancy import State as TaskState

__all__ = ["RunState", "TaskState"]
