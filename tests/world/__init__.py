"""A fresh chain per test: LiteSVM with the programs deployed, actors, and short flows."""

from tests.world.actor import Actor
from tests.world.editing import unsigned, with_account
from tests.world.world import NLOV, TransactionDroppedError, World

__all__ = ["NLOV", "Actor", "TransactionDroppedError", "World", "unsigned", "with_account"]
