"""The only access to a cluster: typed, validated, retried within bounds."""

from keeper.chain.gateway.backoff import Backoff
from keeper.chain.gateway.gateway import (
    Blockhash,
    Gateway,
    LandedTransaction,
    SignatureRecord,
    SignatureStatus,
)
from keeper.chain.gateway.subscription import LogsNotification

__all__ = [
    "Backoff",
    "Blockhash",
    "Gateway",
    "LandedTransaction",
    "LogsNotification",
    "SignatureRecord",
    "SignatureStatus",
]
