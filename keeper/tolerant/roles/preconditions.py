"""What has to hold before a task is paid for: whatever can be found out, is found out first."""

from typing import Final

from keeper.node.affordable import require_floors, require_lamports
from keeper.node.connection import Connection
from keeper.node.lamports import network_costs
from keeper.node.payment import require_tokens
from keeper.node.posting import current_terms
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.roles.mirror import TaskView
from neurolov_client import escrow, redundancy

STEPS: Final = 4
"""Transactions of a buyer at most: post, withdraw a tip, take back the money and the rent."""


async def require_payable(connection: Connection, view: TaskView, offer: TaskOffer) -> None:
    """Raise where the task could not be posted; sends nothing.

    Raises OfferError, InsufficientFundsError and ChainError.
    """
    _, terms = await current_terms(connection.gateway)
    floors = terms.parameters.job_registry
    require_floors(
        [("price", offer.price, max(1, floors.min_price)), ("tip", offer.tip, floors.min_tip)]
    )
    await require_tokens(
        connection.gateway,
        connection.owner,
        connection.mint,
        offer.locked.price + offer.locked.tips + view.posting_fee,
        work="task",
        remedy=", lower the price or allow fewer runs",
    )
    own = redundancy.buyer_address(connection.owner)
    costs = await network_costs(
        connection.gateway,
        returned=(redundancy.Task, escrow.Escrow),
        kept=((redundancy.Buyer, own, 1),),
        transactions=STEPS,
    )
    await require_lamports(connection, costs.needed, "posting the task")
