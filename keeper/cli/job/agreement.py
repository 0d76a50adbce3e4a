"""Settles with the buyer what a job costs."""

from collections.abc import Callable

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.cli.buying.agreement import Asking
from keeper.cli.job.offering import Offering
from keeper.cli.job.quoted import quoted
from keeper.exact.decisions.offer import JobOffer
from kernels.graph import Graph


class JobAgreement(Asking):
    """The agreement on a job."""

    def __init__(
        self,
        graph: Graph,
        offering: Offering,
        tell: Callable[[str], None],
        *,
        yes: bool,
        anyway: bool,
    ) -> None:
        super().__init__("job", tell, yes=yes, anyway=anyway)
        self._graph = graph
        self._offering = offering

    async def offer(self, gateway: Gateway, owner: Pubkey) -> JobOffer:
        """Returns what is offered: the price is the recommended one where none was given."""
        found = await quoted(gateway, self._graph, self._offering, owner)
        self.show(found, found.quote.costs.total)
        return found.quote.offer
