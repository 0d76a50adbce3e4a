"""What happens on chain, told once and without gaps."""

from keeper.chain.feed.backfill import history
from keeper.chain.feed.feed import AccountState, ChainEvent, Feed, FeedItem, LostEvents, Timing
from keeper.chain.feed.recent import Bounds, Recent, recent

__all__ = [
    "AccountState",
    "Bounds",
    "ChainEvent",
    "Feed",
    "FeedItem",
    "LostEvents",
    "Recent",
    "Timing",
    "history",
    "recent",
]
