"""What posting work costs in SOL: rents that come back, rents that stay, and network fees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.amounts import LAMPORTS_PER_SIGNATURE
from keeper.chain.gateway import Gateway
from neurolov_client import Account

TOKEN_ACCOUNT_BYTES: Final = 165
"""The size of the account that holds what is locked."""


@dataclass(frozen=True, slots=True)
class NetworkCosts:
    """Lamports: rents that come back at the end, rents that stay, and fees of transactions."""

    returned: int
    kept: int
    fees: int

    @property
    def needed(self) -> int:
        """Lamports that the key has to hold when it posts."""
        return self.returned + self.kept + self.fees


async def network_costs(
    gateway: Gateway,
    *,
    returned: Sequence[type[Account]],
    kept: Sequence[tuple[type[Account], Pubkey | None, int]],
    transactions: int,
) -> NetworkCosts:
    """Returns what posting work costs; raises ChainError.

    `returned` are the accounts that posting opens beside the one that holds what is locked. `kept`
    are those that stay, each with its address and the transactions that open it; one that exists
    already costs nothing. Without an address it does not exist.
    """
    addresses = [address for _, address, _ in kept if address is not None]
    raws = await gateway.accounts(addresses) if addresses else []
    there = {address for address, raw in zip(addresses, raws, strict=True) if raw is not None}
    opened = [(kind, steps) for kind, address, steps in kept if address not in there]
    sizes = [kind.SIZE or 0 for kind in returned]
    return NetworkCosts(
        returned=sum(
            [await gateway.rent_exempt_minimum(size) for size in (*sizes, TOKEN_ACCOUNT_BYTES)]
        ),
        kept=sum([await gateway.rent_exempt_minimum(kind.SIZE or 0) for kind, _ in opened]),
        fees=LAMPORTS_PER_SIGNATURE * (transactions + sum(steps for _, steps in opened)),
    )
