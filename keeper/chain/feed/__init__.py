"""What happens on chain, told once and without gaps."""

from keeper.chain.feed.backfill import history
from keeper.chain.feed.feed import AccountState, ChainEvent, Feed, Timing

__all__ = ["AccountState", "ChainEvent", "Feed", "Timing", "history"]
