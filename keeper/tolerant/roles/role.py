"""A role whose subjects are tasks."""

from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Action
from keeper.node.loop import Loop
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.mirror import TaskView
from keeper.tolerant.roles.transactions import TaskContext, instruction


class TaskRole(Loop[TaskView, TaskSnapshot]):
    """See `Loop`."""

    def subjects(self, view: TaskView) -> Mapping[Pubkey, TaskSnapshot]:
        """Returns the tasks."""
        return view.tasks

    async def perform(self, action: Action, view: TaskView) -> None:
        """Send the action's one instruction; roles override it for actions that need more."""
        subject = self.subject_of(action, view)
        if subject is None:
            raise TypeError(f"{action} is about no task")
        await self.send(action, view, instruction(action, self.context(view, subject)))

    def context(self, view: TaskView, subject: TaskSnapshot) -> TaskContext:
        """Returns what the instructions about a task depend on."""
        return TaskContext(self.submitter.key, self.owner, view.mint, subject)
