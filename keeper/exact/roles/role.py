"""A role whose subjects are jobs."""

from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import Action
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.conversion import NOBODY
from keeper.exact.roles.mirror import View
from keeper.exact.roles.transactions import Context, instruction
from keeper.node.loop import Loop


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
