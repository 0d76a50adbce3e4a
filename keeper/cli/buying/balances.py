"""What a buyer's key has."""

from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from keeper.amounts import nlov, sol
from keeper.chain.gateway import Gateway
from keeper.node.buying.posting import current_terms
from neurolov_client import associated_token_address


@dataclass(frozen=True, slots=True)
class Balance:
    """What a key has, in base units and in lamports."""

    owner: Pubkey
    tokens: int
    lamports: int

    @property
    def document(self) -> dict[str, Any]:
        """The balance as JSON values."""
        return {"address": str(self.owner), "nlov": self.tokens, "lamports": self.lamports}

    @property
    def line(self) -> str:
        """The balance as text."""
        return f"balance:  {nlov(self.tokens)} NLOV and {sol(self.lamports)} SOL of {self.owner}"


async def balance_of(gateway: Gateway, owner: Pubkey) -> Balance:
    """Returns what a key has; raises ChainError."""
    mint, _ = await current_terms(gateway)
    tokens = await gateway.token_balance(associated_token_address(owner, mint))
    return Balance(owner, tokens or 0, await gateway.balance(owner))
