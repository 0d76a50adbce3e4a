"""Reads what a quote depends on: the current terms, the market and every registered provider."""

from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.exact.decisions.quote import Candidate, Market
from keeper.exact.roles.accounts import registration_of
from keeper.node.accounts import NOBODY, leasable_of, required, stake_of
from keeper.node.posting import PostingCost, posting_cost
from kernels.graph import Graph
from neurolov_client import DESCRIPTORS_PER_TRANSACTION, escrow, job_registry, staking

STEPS_OF_A_BUYER: Final = 5
"""Transactions of a buyer besides registering: post, draw, withdraw a tip, reclaim money, rent."""


async def read_market(gateway: Gateway) -> Market:
    """Returns the market for jobs as it is now; raises RoleError and ChainError."""
    slot = await gateway.slot()
    raws = await gateway.accounts([staking.pool_address(), job_registry.market_address()])
    pool, market = required(staking.Pool, raws[0]), required(job_registry.Market, raws[1])
    terms = required(
        staking.Terms, await gateway.account(staking.terms_address(pool.terms))
    )
    found = [account for _, account in await gateway.program_accounts(job_registry.Provider)]
    positions = await gateway.fetch_all(
        staking.Position, [staking.position_address(each.owner) for each in found]
    )
    return Market(
        slot=slot,
        checkpoint_slots=pool.checkpoint_slots,
        parameters=terms.parameters,
        demand_q32=market.demand_q32,
        rolled=market.epoch,
        leasable=leasable_of(pool),
        candidates=tuple(
            Candidate(
                owner=each.owner,
                registration=registration_of(each),
                rate=each.declared_rate,
                stake=stake_of(position),
                by_operator=position is not None and position.operator != NOBODY,
                active=each.active,
            )
            for each, position in zip(found, positions, strict=True)
        ),
    )


async def job_posting_cost(gateway: Gateway, graph: Graph, buyer: Pubkey | None) -> PostingCost:
    """Returns what posting a job of this graph costs in lamports; raises ChainError.

    The buyer's account and the graph's are paid for where they do not exist yet; without a buyer
    nothing exists.
    """
    return await posting_cost(
        gateway,
        returned=(job_registry.Job, escrow.Escrow),
        kept={} if buyer is None else _kept(buyer, graph),
        steps=STEPS_OF_A_BUYER,
    )
