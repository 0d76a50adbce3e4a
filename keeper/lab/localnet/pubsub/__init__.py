"""Solana's PubSub: subscriptions to a bank's events."""

from .hub import Hub
from .session import Session

__all__ = ["Hub", "Session"]
