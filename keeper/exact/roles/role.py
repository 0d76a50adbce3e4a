"""A role whose subjects are jobs."""

import logging
from collections.abc import Mapping

from solders.pubkey import Pubkey

from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.context import Context, exposed_owner, reported_seat
from keeper.exact.roles.mirror import Party, View
from keeper.exact.roles.transactions import instruction
from keeper.node.decisions.actions import Action
from keeper.node.loop import Loop
from keeper.node.operators import budget_line, require_acting
from keeper.telemetry import METRICS
from neurolov_client import staking

LOG = logging.getLogger(__name__)


class Role(Loop[View, JobSnapshot]):
    """See `Loop`."""

    _budget_told = False

    def subjects(self, view: View) -> Mapping[Pubkey, JobSnapshot]:
        """Returns the jobs."""
        return view.jobs

    async def perform(self, action: Action, view: View) -> None:
        """Send the action's one instruction; roles override it for actions that need more."""
        await self.send(action, view, instruction(action, await self.context(action, view)))

    def require_acting(self, party: Party, needed: int) -> None:
        """Raise OperatorError unless the signer may still act for the owner.

        Warns once each time that an operator's budget has no room left for `needed` base units.
        """
        require_acting(party.position, self.owner, self.signer)
        if self.signer == self.owner or party.position is None:
            return
        left = party.stake.operator_room
        METRICS.set("operator_budget_left", left, role=self.name)
        if left < needed and not self._budget_told:
            LOG.warning("%s: takes no new work: %s", self.name, budget_line(party.position))
        self._budget_told = left < needed

    async def context(self, action: Action, view: View) -> Context:
        """Returns what the action's instruction depends on.

        Reads another party's exposure or seat where the action needs it. Raises ChainError.
        """
        subject = self.subject_of(action, view)
        return Context(
            signer=self.signer,
            owner=self.owner,
            mint=view.mint,
            current=view.terms,
            view=subject,
            payer=await self._payer(action, subject),
            holder=await self._holder(action, subject),
        )

    async def _payer(self, action: Action, subject: JobSnapshot | None) -> Pubkey | None:
        owner = exposed_owner(action, subject)
        if owner is None or subject is None:
            return None
        address = staking.exposure_address(subject.address, owner)
        exposure = await self.mirror.gateway.fetch(staking.Exposure, address)
        return None if exposure is None else exposure.payer

    async def _holder(self, action: Action, subject: JobSnapshot | None) -> Pubkey | None:
        index = reported_seat(action, subject)
        if index is None:
            return None
        seat = await self.mirror.gateway.fetch(staking.Seat, staking.seat_address(index))
        return None if seat is None else seat.owner
