"""Operator keys: hot keys that act for an owner, whose own key stays offline."""

from typing import Any, Final

from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.node.accounts import NOBODY
from keeper.node.errors import NotRegisteredError
from neurolov_client import staking

SET_OPERATOR: Final = "neurolov stake operator set"


class OperatorError(NotRegisteredError):
    """The key may not act for the owner."""


def operator_document(position: staking.Position) -> dict[str, Any]:
    """Returns an owner's operator and what it can lose, in base units.

    Stake that any operator has exposed stays at risk, even once its key is replaced or its budget
    lowered.
    """
    named = position.operator != NOBODY
    budget = position.operator_budget if named else 0
    exposed = position.operator_exposed
    return {
        "owner": str(position.owner),
        "operator": str(position.operator) if named else None,
        "budget": budget,
        "exposed": exposed,
        "left": max(0, budget - exposed),
        "can_lose": max(budget, exposed),
    }


def budget_line(position: staking.Position) -> str:
    """Returns in a sentence what the operator of a position may still put at risk."""
    held = operator_document(position)
    line = (
        f"the operator of {position.owner} has {nlov(held['exposed'])} of "
        f"{nlov(held['budget'])} NLOV at risk"
    )
    if held["left"]:
        return line
    return f"{line}, so it takes no new work until the owner raises the budget: {SET_OPERATOR}"


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
