"""The chain's codes for tasks and their runs."""

from idl.client.bindings.redundancy import RunState
from idl.client.bindings.redundancy import State as TaskState

__all__ = ["RunState", "TaskState"]
