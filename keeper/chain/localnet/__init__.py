"""An embedded Solana cluster: LiteSVM behind Solana's JSON-RPC and PubSub."""

from .accounts import ProgramLoadError
from .bank import Bank
from .execution import Simulation, TransactionTooLargeError
from .ledger import TransactionRecord, custom_error
from .mint import TokenMint

__all__ = [
    "Bank",
    "ProgramLoadError",
    "Simulation",
    "TokenMint",
    "TransactionRecord",
    "TransactionTooLargeError",
    "custom_error",
]
