"""Reads what a quote depends on: the current terms, the market and every registered provider."""

from collections.abc import Iterable
from typing import Final

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.exact.decisions.market import Candidate, Market, Size
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.quote import (
    JobQuote,
    job_quote,
    recommended_quote,
)
from keeper.exact.roles.accounts import registration_of
from keeper.node.accounts import NOBODY, leasable_of, required, stake_of
from keeper.node.buying.lamports import NetworkCosts, network_costs
from kernels.graph import Graph, memory_plan
from neurolov_client import DESCRIPTORS_PER_TRANSACTION, escrow, job_registry, staking

STEPS: Final = 5
"""Transactions of a buyer: post, draw, withdraw the tip, take back the money and the rent."""


def size_of(graph: Graph) -> Size:
    """Returns what running a graph takes; a trace is the outputs of all its operators."""
    return Size(
        macs=graph.multiply_adds,
        memory_bytes=memory_plan(graph).peak,
        trace_bytes=sum(spec.stored_bytes for spec in graph.outputs),
    )


async def quote_job(
    gateway: Gateway, graph: Graph, offer: JobOffer, buyer: Pubkey | None, *, priced: bool = True
) -> JobQuote:
    """Returns what a job of this graph costs now; unless `priced`, at the recommended price.

    Raises RoleError and ChainError.
    """
    market = await read_market(gateway)
    price = job_quote if priced else recommended_quote
    return price(market, size_of(graph), offer, buyer)


async def read_market(gateway: Gateway) -> Market:
    """Returns the market for jobs as it is now; raises RoleError and ChainError."""
    slot = await gateway.slot()
    raws = await gateway.accounts([staking.pool_address(), job_registry.market_address()])
    pool, market = required(staking.Pool, raws[0]), required(job_registry.Market, raws[1])
    terms = required(staking.Terms, await gateway.account(staking.terms_address(pool.terms)))
    found = [account for _, account in await gateway.program_accounts(job_registry.Provider)]
    positions = await gateway.fetch_all(
        staking.Position, [staking.position_address(each.owner) for each in found]
    )
    candidates = [candidate_of(*each) for each in zip(found, positions, strict=True)]
    return market_of(slot, pool, market, terms, candidates)


def market_of(
    slot: int,
    pool: staking.Pool,
    market: job_registry.Market,
    terms: staking.Terms,
    candidates: Iterable[Candidate],
) -> Market:
    """Returns the accounts of the market as what a quote depends on."""
    return Market(
        slot=slot,
        checkpoint_slots=pool.checkpoint_slots,
        parameters=terms.parameters,
        demand_q32=market.demand_q32,
        rolled=market.epoch,
        leasable=leasable_of(pool),
        candidates=tuple(candidates),
    )


def candidate_of(account: job_registry.Provider, position: staking.Position | None) -> Candidate:
    """Returns a Provider account with its owner's position as a candidate."""
    return Candidate(
        owner=account.owner,
        registration=registration_of(account),
        rate=account.declared_rate,
        memory_bytes=account.memory_bytes,
        stake=stake_of(position),
        by_operator=position is not None and position.operator != NOBODY,
        active=account.active,
    )


async def job_network_costs(gateway: Gateway, graph: Graph, buyer: Pubkey | None) -> NetworkCosts:
    """Returns what a job of this graph costs in lamports; raises ChainError.

    The accounts of the buyer and of the graph cost rent that stays, where they do not exist yet.
    Without a buyer neither does.
    """
    appending = -(-len(graph.descriptors) // DESCRIPTORS_PER_TRANSACTION)
    root = graph.spec_root
    own = None if buyer is None else job_registry.buyer_address(buyer)
    registered = None if buyer is None else job_registry.graph_address(buyer, root)
    return await network_costs(
        gateway,
        returned=(job_registry.Job, escrow.Escrow),
        kept=((job_registry.Buyer, own, 1), (job_registry.Graph, registered, 1 + appending)),
        transactions=STEPS,
    )
