"""A role whose subjects are jobs."""

from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.mirror import View
from keeper.exact.roles.transactions import Context, instruction
from keeper.node.decisions.actions import Action
from keeper.node.loop import Loop


class Role(Loop[View, JobSnapshot]):
    """See `Loop`."""

    def subjects(self, view: View) -> Mapping[Pubkey, JobSnapshot]:
        """Returns the jobs."""
        return view.jobs

    async def perform(self, action: Action, view: View) -> None:
        """Send the action's one instruction; roles override it for actions that need more."""
        await self.send(action, view, instruction(action, self.context(action, view)))

    def context(self, action: Action, view: View) -> Context:
        """Returns what the action's instruction depends on."""
        rules = view.rules
        return Context(self.owner, rules.mint, rules.treasury, self.subject_of(action, view))
