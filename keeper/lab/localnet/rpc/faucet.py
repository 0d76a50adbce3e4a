"""The localnet's own extension: $NLOV from the faucet."""

from collections.abc import Mapping

from ..ledger import Json
from .errors import INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError
from .failures import describe
from .method import Method
from .node import Node
from .params import Params, as_integer, as_pubkey


def _mint_to(node: Node, params: Params) -> Json:
    """`{owner, amount}` or `[owner, amount]`; the amount in base units, a number or a string."""
    if node.mint is None:
        raise RpcError(METHOD_NOT_FOUND, "This localnet has no mint; start it with one")
    first = params.get(0)
    if isinstance(first, Mapping):
        owner, amount = first.get("owner"), first.get("amount")
    else:
        owner, amount = first, params.get(1)
    # JavaScript numbers hold 53 bits only.
    if isinstance(amount, str) and amount.isascii() and amount.isdigit():
        amount = int(amount)
    holder = as_pubkey(owner)
    record = node.mint.mint_to(node.bank, holder, as_integer(amount))
    if record.err is not None:
        raise RpcError(INTERNAL_ERROR, f"Mint failed: {describe(record.err)}", {"err": record.err})
    return {
        "signature": str(record.signature),
        "account": str(node.mint.token_account(holder)),
        "mint": str(node.mint.address),
    }


METHODS = {"neurolov_mintTo": Method(_mint_to, 1, 1, named=True)}
