"""A role whose subjects are jobs."""

from collections.abc import Mapping

from solders.pubkey import Pubkey

from idl.client import staking
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.context import Context, exposed_owner, reported_seat
from keeper.exact.roles.mirror import View
from keeper.exact.roles.transactions import instruction
from keeper.node.decisions.actions import Action
from keeper.node.loop import Loop


class Role(Loop[View, JobSnapshot]):
    """See `Loop`."""

    def subjects(self, view: View) -> Mapping[Pubkey, JobSnapshot]:
        """Returns the jobs."""
        return view.jobs

    async def perform(self, action: Action, view: View) -> None:
        """Send the action's one instruction; roles override it for actions that need more."""
        await self.send(action, view, instruction(action, await self.context(action, view)))

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
