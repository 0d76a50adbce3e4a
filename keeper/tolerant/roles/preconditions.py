"""What has to hold before a task is paid for: whatever can be found out, is found out first."""

from keeper.node.buying.affordable import require_floors, require_lamports
from keeper.node.buying.posting import current_terms
from keeper.node.connection import Connection
from keeper.node.payment import require_tokens
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.roles.mirror import TaskView
from keeper.tolerant.roles.quoting import task_network_costs


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
    costs = await task_network_costs(connection.gateway, connection.owner)
    await require_lamports(connection, costs.needed, "posting the task")
