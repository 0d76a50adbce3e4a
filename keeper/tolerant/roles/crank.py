"""The crank of the tolerant class: keeps every task moving, for the tips."""

from keeper.exact.decisions.state import Clock
from keeper.tolerant.decisions import crank as rules
from keeper.tolerant.decisions.actions import TaskAction
from keeper.tolerant.decisions.crank import TaskCrankSnapshot
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.mirror import TaskView
from keeper.tolerant.roles.role import TaskRole


class TaskCrank(TaskRole):
    """Cranks tasks for one key."""

    def decide(
        self, view: TaskView, subjects: tuple[TaskSnapshot, ...], clock: Clock
    ) -> TaskAction:
        """See keeper.tolerant.decisions.crank."""
        return rules.next_action(TaskCrankSnapshot(self.owner, subjects), clock)
