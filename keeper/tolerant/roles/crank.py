"""The crank of the tolerant class: keeps every task moving, for the tips."""

from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.tolerant.decisions import crank as rules
from keeper.tolerant.decisions.crank import TaskCrankSnapshot
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.mirror import TaskView
from keeper.tolerant.roles.role import TaskRole


class TaskCrank(TaskRole):
    """Cranks tasks for one key."""

    name = "taskcrank"

    def decide(self, view: TaskView, subjects: tuple[TaskSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.tolerant.decisions.crank`; none while it drains."""
        if self.drain.begun:
            return Wait()
        return rules.next_action(TaskCrankSnapshot(self.owner, subjects), clock)
