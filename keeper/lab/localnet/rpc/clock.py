"""The localnet's own extension: slots that pass at once."""

from ..ledger import Json
from .errors import invalid_params
from .method import Method
from .node import Node
from .params import Params


def _skip_to(node: Node, params: Params) -> Json:
    """`[slot]`: opens a later slot as if all slots before it had been skipped; returns it."""
    slot = params.integer(0)
    if slot <= node.bank.slot:
        raise invalid_params(f"Invalid params: slot must be above {node.bank.slot}, the open one")
    node.bank.warp(slot)
    return slot


METHODS = {"neurolov_skipTo": Method(_skip_to, 1, 0)}
