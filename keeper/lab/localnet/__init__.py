"""An embedded Solana cluster: LiteSVM behind Solana's JSON-RPC and PubSub."""

from .accounts import ProgramLoadError
from .bank import Bank, Checkpoint
from .events import AccountsChanged, Event, SlotOpened, TransactionLanded
from .execution import Simulation, TransactionTooLargeError
from .ledger import TransactionRecord, custom_error
from .mint import TokenMint
from .server import DEFAULT_PORT, Localnet, PortInUseError, serve

__all__ = [
    "DEFAULT_PORT",
    "AccountsChanged",
    "Bank",
    "Checkpoint",
    "Event",
    "Localnet",
    "PortInUseError",
    "ProgramLoadError",
    "Simulation",
    "SlotOpened",
    "TokenMint",
    "TransactionLanded",
    "TransactionRecord",
    "TransactionTooLargeError",
    "custom_error",
    "serve",
]
