"""An embedded Solana cluster: LiteSVM behind Solana's JSON-RPC and PubSub."""

from .accounts import ProgramLoadError
from .bank import Bank
from .events import AccountsChanged, Event, SlotOpened, TransactionLanded
from .execution import Simulation, TransactionTooLargeError
from .ledger import TransactionRecord, custom_error
from .mint import TokenMint
from .server import DEFAULT_PORT, Localnet, PortInUseError, serve

__all__ = [
    "DEFAULT_PORT",
    "AccountsChanged",
    "Bank",
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
