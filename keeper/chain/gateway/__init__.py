"""The only access to a cluster: typed, validated, retried within bounds."""

from keeper.chain.gateway.backoff import Backoff
from keeper.chain.gateway.gateway import Gateway
from keeper.chain.gateway.outages import Patience
from keeper.chain.gateway.records import (
    Blockhash,
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
    "Patience",
    "SignatureRecord",
    "SignatureStatus",
]
