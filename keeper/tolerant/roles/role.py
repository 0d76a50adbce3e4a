"""A role whose subjects are tasks."""

from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.node.loop import Loop
from keeper.tolerant.decisions.actions import TaskAction
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.mirror import TaskView
from keeper.tolerant.roles.transactions import TaskContext, instruction


class TaskRole(Loop[TaskView, TaskSnapshot, TaskAction]):
    """See `Loop`."""

    def subjects(self, view: TaskView) -> Mapping[Pubkey, TaskSnapshot]:
        """The tasks."""
        return view.tasks

    def subject_of(self, action: TaskAction) -> Pubkey | None:
        """The task that an action is about."""
        task = getattr(action, "task", None)
        return task if isinstance(task, Pubkey) else None

    async def perform(self, action: TaskAction, view: TaskView) -> None:
        """Carry an action out; roles override it for what is more than one instruction."""
        subject = self._found(action, view)
        if subject is None:
            raise TypeError(f"{action} is about no task")
        context = TaskContext(self.owner, view.mint, subject)
        await self.send(action, view, instruction(action, context))
