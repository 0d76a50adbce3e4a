"""The localnet's own extension: $NLOV from the faucet."""

from collections.abc import Mapping

from ..ledger import Json
from ..mint import TokenMint
from .errors import INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError
from .failures import describe
from .method import Method
from .node import Node
from .params import Params, as_integer, as_pubkey


def _require_mint(node: Node) -> TokenMint:
    if node.mint is None:
        raise RpcError(METHOD_NOT_FOUND, "This localnet has no mint; start it with one")
    return node.mint


def _faucet(node: Node, params: Params) -> Json:
    """Whose lamports and which mint the faucet gives; no other cluster has this method."""
    return {"address": str(node.bank.faucet.pubkey()), "mint": str(_require_mint(node).address)}


def _mint_to(node: Node, params: Params) -> Json:
    """`{owner, amount}` or `[owner, amount]`; the amount in base units, a number or a string."""
    mint = _require_mint(node)
    first = params.get(0)
    if isinstance(first, Mapping):
        owner, amount = first.get("owner"), first.get("amount")
    else:
        owner, amount = first, params.get(1)
    # JavaScript numbers hold 53 bits only.
    if isinstance(amount, str) and amount.isascii() and amount.isdigit():
        amount = int(amount)
    holder = as_pubkey(owner)
    record = mint.mint_to(node.bank, holder, as_integer(amount))
    if record.err is not None:
        raise RpcError(INTERNAL_ERROR, f"Mint failed: {describe(record.err)}", {"err": record.err})
    return {
        "signature": str(record.signature),
        "account": str(mint.token_account(holder)),
        "mint": str(mint.address),
    }


METHODS = {
    "neurolov_faucet": Method(_faucet),
    "neurolov_mintTo": Method(_mint_to, 1, 1, named=True),
}
