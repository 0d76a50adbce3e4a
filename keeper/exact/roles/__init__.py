"""The roles of the exact class: each connects chain, decisions, computing and data for one key."""

from keeper.exact.roles.buyer import Buyer
from keeper.exact.roles.crank import Crank
from keeper.exact.roles.mirror import JobMirror
from keeper.exact.roles.provider import Provider
from keeper.exact.roles.verifier import Verifier

__all__ = ["Buyer", "Crank", "JobMirror", "Provider", "Verifier"]
