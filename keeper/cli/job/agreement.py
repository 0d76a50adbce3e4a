"""What a buyer is shown and asked before a job is paid for."""

from collections.abc import Callable

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.cli.confirmation import require_confirmation
from keeper.cli.job.offering import Offering
from keeper.cli.job.quoted import Quoted, quoted
from keeper.errors import BadInputError
from keeper.exact.decisions.offer import JobOffer
from keeper.node.payment import nlov
from kernels.graph import Graph


class UnclaimableError(BadInputError):
    """Nobody could take a job as it is offered."""


class JobAgreement:
    """Quotes a job and asks; see `keeper.node.submissions.Agreement`."""

    def __init__(
        self,
        graph: Graph,
        offering: Offering,
        tell: Callable[[str], None],
        *,
        yes: bool,
        anyway: bool,
    ) -> None:
        """`anyway` accepts that nobody could take the job, `yes` that the buyer is not asked."""
        self._graph = graph
        self._offering = offering
        self._tell = tell
        self._yes = yes
        self._anyway = anyway
        self._quoted: Quoted | None = None

    async def offer(self, gateway: Gateway, owner: Pubkey) -> JobOffer:
        """Returns what is offered: the price is the recommended one where none was given."""
        found = await quoted(gateway, self._graph, self._offering, owner)
        self._quoted = found
        for line in found.lines:
            self._tell(line)
        return found.quote.offer

    async def confirm(self) -> None:
        """Ask whether to pay; raises UnclaimableError, UnconfirmedError and DeclinedError."""
        assert self._quoted is not None
        verdict = self._quoted.verdict
        if verdict is not None:
            if not self._anyway:
                raise UnclaimableError(f"{verdict}; pass --anyway to post the job all the same")
            self._tell(verdict)
        total = nlov(self._quoted.quote.costs.total)
        await require_confirmation(f"Pay {total} NLOV at most for this job?", yes=self._yes)
