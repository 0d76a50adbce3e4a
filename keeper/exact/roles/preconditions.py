"""What has to hold before a job is paid for: whatever can be found out, is found out first."""

from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.mirror import View
from keeper.exact.roles.quoting import job_network_costs
from keeper.node.buying.affordable import OfferError, require_floors, require_lamports
from keeper.node.connection import Connection
from keeper.node.payment import require_tokens
from kernels.graph import Graph
from neurolov_client import staking
from neurolov_client.bindings.job_registry import BPS


async def require_payable(
    connection: Connection, view: View, graph: Graph, offer: JobOffer, *, unverified: bool
) -> None:
    """Raise where the job could not be posted, or nobody would verify it; sends nothing.

    `unverified` says that no verifier is needed. Raises OfferError, InsufficientFundsError and
    ChainError.
    """
    rules, verdict = view.terms.parameters.job_registry, view.terms.parameters.verdict
    least_fee = -(-verdict.ballot_exposure * verdict.ballot_rent_bps // BPS)
    require_floors(
        [
            ("price", offer.price, max(1, rules.min_price)),
            ("tip", offer.tip, rules.min_tip),
            ("fee", offer.verification_fee, max(1, least_fee)),
        ]
    )
    locked = offer.price + offer.verification + offer.tips + offer.urgency
    await require_tokens(
        connection.gateway,
        connection.owner,
        connection.mint,
        locked + view.terms.parameters.escrow.posting_fee,
        work="job",
        remedy=" or lower the price",
    )
    costs = await job_network_costs(connection.gateway, graph, connection.owner)
    await require_lamports(connection, costs.needed, "posting the job")
    if not unverified:
        await _require_verifiers(connection)


async def _require_verifiers(connection: Connection) -> None:
    tree = await connection.gateway.fetch(staking.VerifierTree, staking.verifiers_address())
    if tree is None or tree.total == 0:
        raise OfferError(
            "nobody holds a verifier's seat, so nobody would check the result that you pay for; "
            "wait for verifiers, or pass --unverified"
        )
