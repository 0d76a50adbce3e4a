"""A fresh chain for each test: LiteSVM with the programs deployed, and assertions about it."""

from keeper.amounts import NLOV
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import TransactionDroppedError
from tests.world.editing import unsigned, with_account
from tests.world.world import World

__all__ = ["NLOV", "Actor", "TransactionDroppedError", "World", "unsigned", "with_account"]
