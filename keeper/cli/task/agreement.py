"""Settles with the buyer what a task costs."""

from collections.abc import Callable

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.cli.buying.agreement import Asking
from keeper.cli.task.quoted import quoted_task
from keeper.tolerant.decisions.offer import TaskOffer


class TaskAgreement(Asking):
    """The agreement on a task."""

    def __init__(
        self, offer: TaskOffer, tell: Callable[[str], None], *, yes: bool, anyway: bool
    ) -> None:
        super().__init__("task", tell, yes=yes, anyway=anyway)
        self._offer = offer

    async def offer(self, gateway: Gateway, owner: Pubkey) -> TaskOffer:
        """Returns what is offered."""
        found = await quoted_task(gateway, self._offer, owner)
        self.show(found, found.quote.total)
        return self._offer
