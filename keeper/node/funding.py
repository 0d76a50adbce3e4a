"""SOL of the key that signs for a role: without it no step can be sent."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from solders.pubkey import Pubkey

from keeper.amounts import LAMPORTS_PER_SIGNATURE, sol
from keeper.chain.gateway import Gateway
from neurolov_client import Account

FEES: Final = 100 * LAMPORTS_PER_SIGNATURE
"""Lamports for the transactions of a few jobs: what a role needs to finish what it has begun."""


async def await_funds(
    gateway: Gateway,
    address: Pubkey,
    opens: Sequence[type[Account]],
    *,
    tell: Callable[[str], None],
    poll_seconds: float,
) -> None:
    """Wait until a key has the SOL that its role needs, and say so once; raises ChainError.

    `opens` are the accounts whose rent it pays before it earns anything. Rents come back.
    """
    rents = [await gateway.rent_exempt_minimum(kind.SIZE or 0) for kind in opens]
    needed, told = FEES + sum(rents), False
    while (held := await gateway.balance(address)) < needed:
        if not told:
            tell(
                f"waiting for SOL: {address} has {sol(held)} and needs {sol(needed)} for fees and "
                f"rents; send it {sol(needed - held)} SOL or more"
            )
            told = True
        await asyncio.sleep(poll_seconds)
    if told:
        tell(f"{address} has {sol(held)} SOL")
