"""A role whose subjects are jobs."""

from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.jobs.actions import Action
from keeper.jobs.state import JobSnapshot
from keeper.roles.conversion import NOBODY
from keeper.roles.loop import Loop
from keeper.roles.mirror import View
from keeper.roles.transactions import Context, instruction


class Role(Loop[View, JobSnapshot, Action]):
    """See `Loop`."""

    def subjects(self, view: View) -> Mapping[Pubkey, JobSnapshot]:
        """The jobs."""
        return view.jobs

    def subject_of(self, action: Action) -> Pubkey | None:
        """The job that an action is about."""
        job = getattr(action, "job", None)
        return job if isinstance(job, Pubkey) else None

    async def perform(self, action: Action, view: View) -> None:
        """Carry an action out; roles override it for what is more than one instruction."""
        await self.send(action, view, instruction(action, self.context(action, view)))

    def context(self, action: Action, view: View) -> Context:
        """What the action's instruction depends on."""
        rules = view.rules
        found = view.jobs.get(self.subject_of(action) or NOBODY)
        return Context(self.owner, rules.mint, rules.treasury, found)
