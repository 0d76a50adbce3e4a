"""The crank of the tolerant class: keeps every task moving, for the tips."""

from keeper.jobs.state import Clock
from keeper.tolerant.mirror import TaskView
from keeper.tolerant.role import TaskRole
from keeper.tolerant.tasks import crank as rules
from keeper.tolerant.tasks.actions import TaskAction
from keeper.tolerant.tasks.crank import TaskCrankSnapshot
from keeper.tolerant.tasks.state import TaskSnapshot


class TaskCrank(TaskRole):
    """Cranks tasks for one key."""

    def decide(
        self, view: TaskView, subjects: tuple[TaskSnapshot, ...], clock: Clock
    ) -> TaskAction:
        """See keeper.tolerant.tasks.crank."""
        return rules.next_action(TaskCrankSnapshot(self.owner, subjects), clock)
