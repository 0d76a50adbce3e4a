"""What posting work needs: an offer that the terms allow, and SOL for rents and fees."""

from collections.abc import Iterable

from keeper.amounts import nlov, sol
from keeper.chain.errors import InsufficientFundsError
from keeper.errors import BadInputError
from keeper.node.connection import Connection


class OfferError(BadInputError):
    """The chain, or everybody whom it is made to, would refuse an offer."""


def require_floors(floors: Iterable[tuple[str, int, int]]) -> None:
    """Raise OfferError at the first offer that is below its least.

    Each has the name of its option, what is offered and the least, in base units.
    """
    for name, offered, least in floors:
        if offered < least:
            raise OfferError(
                f"--{name} {nlov(offered)} is below the least that the terms allow; offer at "
                f"least --{name} {nlov(least)}"
            )


async def require_lamports(connection: Connection, needed: int, work: str) -> None:
    """Raise InsufficientFundsError unless the signer has the lamports that some work takes."""
    held = await connection.gateway.balance(connection.signer)
    if held < needed:
        raise InsufficientFundsError(
            f"{work} takes {sol(needed)} SOL for rents and fees, {connection.signer} "
            f"has {sol(held)}; send it {sol(needed - held)} SOL more"
        )
