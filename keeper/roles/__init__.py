"""Roles: each wires chain, decisions, computing and data together for one key."""

from keeper.roles.buyer import Buyer
from keeper.roles.crank import Crank
from keeper.roles.mirror import ChainMirror
from keeper.roles.provider import Provider
from keeper.roles.verifier import Verifier

__all__ = ["Buyer", "ChainMirror", "Crank", "Provider", "Verifier"]
