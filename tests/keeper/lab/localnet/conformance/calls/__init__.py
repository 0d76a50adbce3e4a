"""The calls that clients make in ordinary work, and the mistakes that users make with them.

They are what web3.js, kit, solana-py, anchorpy and the spl-token tool ask, with every option that
these pass.
"""

from .accounts import ACCOUNTS, TOKENS
from .call import Call
from .cluster import CLUSTER
from .history import HISTORY
from .submission import SUBMISSION
from .subscriptions import ANNOUNCED, NOTIFICATIONS, SLOT_UPDATES, SUBSCRIPTIONS

# Submissions come first: what they send again must not have expired.
QUESTIONS = (*SUBMISSION, *ACCOUNTS, *TOKENS, *CLUSTER, *HISTORY)

__all__ = [
    "ANNOUNCED",
    "NOTIFICATIONS",
    "QUESTIONS",
    "SLOT_UPDATES",
    "SUBSCRIPTIONS",
    "Call",
]
