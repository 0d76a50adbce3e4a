"""Operator keys: hot keys that act for an owner, whose own key stays offline."""

from typing import Final

from solders.pubkey import Pubkey

from idl.client import staking
from keeper.node.accounts import NOBODY
from keeper.node.errors import NotRegisteredError

SET_OPERATOR: Final = "neurolov stake operator set"


class OperatorError(NotRegisteredError):
    """The key may not act for the owner."""


def require_acting(position: staking.Position | None, owner: Pubkey, signer: Pubkey) -> None:
    """Raise OperatorError unless `signer` is the owner or its operator.

    An operator whose budget is used up may still finish what it has begun.
    """
    if signer == owner:
        return
    if position is None:
        raise OperatorError(
            f"{owner} has no stake, so nobody can act for it; run: neurolov stake open, then "
            f"neurolov stake add, then {SET_OPERATOR} {signer}, with the owner's key"
        )
    if position.operator == NOBODY:
        raise OperatorError(
            f"{owner} has named no operator; run with the owner's key: {SET_OPERATOR} {signer}"
        )
    if position.operator != signer:
        raise OperatorError(
            f"the operator of {owner} is {position.operator}, not {signer}; use its key, or run "
            f"with the owner's key: {SET_OPERATOR} {signer}"
        )
