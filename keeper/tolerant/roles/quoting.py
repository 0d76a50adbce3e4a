"""Reads what a task's quote depends on: the current terms, and who has the stake to join."""

from typing import Final

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.node.accounts import NOBODY, required, stake_of
from keeper.node.buying.lamports import NetworkCosts, network_costs
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.quote import Staker, TaskMarket, TaskQuote, task_quote
from neurolov_client import escrow, job_registry, redundancy, staking

STEPS: Final = 4
"""Transactions of a buyer at most: post, withdraw a tip, take back the money and the rent."""


async def quote_task(gateway: Gateway, offer: TaskOffer, buyer: Pubkey | None) -> TaskQuote:
    """Returns what a task costs now; raises RoleError and ChainError."""
    slot = await gateway.slot()
    pool = required(staking.Pool, await gateway.account(staking.pool_address()))
    terms = required(staking.Terms, await gateway.account(staking.terms_address(pool.terms)))
    found = [account for _, account in await gateway.program_accounts(job_registry.Provider)]
    positions = await gateway.fetch_all(
        staking.Position, [staking.position_address(each.owner) for each in found]
    )
    stakers = tuple(
        Staker(
            owner=each.owner,
            stake=stake_of(position),
            by_operator=position is not None and position.operator != NOBODY,
        )
        for each, position in zip(found, positions, strict=True)
        if not each.draining
    )
    market = TaskMarket(slot, pool.checkpoint_slots, terms.parameters, stakers)
    return task_quote(market, offer, buyer)


async def task_network_costs(gateway: Gateway, buyer: Pubkey | None) -> NetworkCosts:
    """Returns what a task costs in lamports; raises ChainError.

    The buyer's account costs rent that stays, where it does not exist yet.
    """
    own = None if buyer is None else redundancy.buyer_address(buyer)
    return await network_costs(
        gateway,
        returned=(redundancy.Task, escrow.Escrow),
        kept=((redundancy.Buyer, own, 1),),
        transactions=STEPS,
    )
