"""What happens on chain, told once and without gaps."""

from keeper.chain.feed.backfill import history
from keeper.chain.feed.feed import AccountState, ChainEvent, Feed, FeedItem, LostEvents, Timing

__all__ = ["AccountState", "ChainEvent", "Feed", "FeedItem", "LostEvents", "Timing", "history"]
