"""The buyer's side of its tasks: takes back what nobody is owed once they have ended."""

from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.data import BlobStore, ReservationKind
from keeper.node.buying.workloads import keep_posted
from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.tolerant.decisions import buyer as rules
from keeper.tolerant.decisions.state import TaskSnapshot
from keeper.tolerant.roles.mirror import TaskMirror, TaskView
from keeper.tolerant.roles.posting import workload_name
from keeper.tolerant.roles.role import TaskRole


class TaskBuyer(TaskRole):
    """Acts on the tasks of one key that it follows: on all of them while `followed` is None.

    `keep` names those of which nothing may be closed for now.
    """

    name = "taskbuyer"

    def __init__(
        self,
        mirror: TaskMirror,
        submitter: Submitter,
        owner: Pubkey,
        store: BlobStore | None = None,
    ) -> None:
        """`store` holds the workloads of the tasks, None where this process does not serve them."""
        super().__init__(mirror, submitter, owner)
        self._store = store
        self.followed: set[Pubkey] | None = None
        self.keep: set[Pubkey] = set()

    def decide(self, view: TaskView, subjects: tuple[TaskSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.tolerant.decisions.buyer`."""
        for snapshot in subjects:
            followed = self.followed is None or snapshot.address in self.followed
            if followed and snapshot.address not in self.keep:
                step = rules.next_action(self.owner, snapshot)
                if not isinstance(step, Wait):
                    return step
        return Wait()

    async def tidy(self, view: TaskView) -> None:
        """Drop the workloads of tasks that were closed."""
        if self._store is not None:
            own = [each.task for each in view.tasks.values() if each.task.buyer == self.owner]
            posted = {workload_name(task.kernel, task.input) for task in own}
            keep_posted(self._store, ReservationKind.TASK_WORKLOADS, posted)
