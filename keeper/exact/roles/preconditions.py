"""What has to hold before a job is paid for: whatever can be found out, is found out first."""

from solders.pubkey import Pubkey

from keeper.chain.errors import InsufficientFundsError
from keeper.errors import BadInputError
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.mirror import View
from keeper.exact.roles.quoting import job_network_costs
from keeper.node.connection import Connection
from keeper.node.lamports import sol
from keeper.node.payment import nlov, require_tokens
from kernels.graph import Graph
from neurolov_client import staking
from neurolov_client.bindings.job_registry import BPS


class OfferError(BadInputError):
    """The chain, or everybody whom it is made to, would refuse an offer."""


async def require_payable(
    connection: Connection, view: View, graph: Graph, offer: JobOffer, *, unverified: bool
) -> None:
    """Raise where the job could not be posted, or nobody would verify it; sends nothing.

    `unverified` says that no verifier is needed. Raises OfferError, InsufficientFundsError and
    ChainError.
    """
    _require_floors(view, offer)
    if not unverified:
        await _require_verifiers(connection)
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
    await require_lamports(connection, connection.signer, costs.needed, "job")


async def require_lamports(connection: Connection, payer: Pubkey, needed: int, work: str) -> None:
    """Raise InsufficientFundsError unless a key has what posting costs in SOL."""
    held = await connection.gateway.balance(payer)
    if held < needed:
        raise InsufficientFundsError(
            f"posting the {work} takes {sol(needed)} SOL for rents and fees, {payer} has "
            f"{sol(held)}; send it {sol(needed - held)} SOL more"
        )


def _require_floors(view: View, offer: JobOffer) -> None:
    rules, verdict = view.terms.parameters.job_registry, view.terms.parameters.verdict
    fee = -(-verdict.ballot_exposure * verdict.ballot_rent_bps // BPS)
    floors = (
        ("price", offer.price, max(1, rules.min_price)),
        ("tip", offer.tip, rules.min_tip),
        ("fee", offer.verification_fee, max(1, fee)),
    )
    for name, offered, least in floors:
        if offered < least:
            raise OfferError(
                f"--{name} {nlov(offered)} is below the least that the terms allow; offer at "
                f"least --{name} {nlov(least)}"
            )


async def _require_verifiers(connection: Connection) -> None:
    tree = await connection.gateway.fetch(staking.VerifierTree, staking.verifiers_address())
    if tree is None or tree.total == 0:
        raise OfferError(
            "nobody holds a verifier's seat, so nobody would check the result that you pay for; "
            "wait for verifiers, or pass --unverified"
        )
