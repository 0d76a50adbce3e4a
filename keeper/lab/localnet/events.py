"""What a bank tells its listeners."""

from dataclasses import dataclass
from typing import TypeAlias

from solders.account import Account
from solders.pubkey import Pubkey

from .ledger import TransactionRecord


@dataclass(frozen=True, slots=True)
class SlotOpened:
    """`slot` is open now; `parent` is the block before it."""

    slot: int
    parent: int


@dataclass(frozen=True, slots=True)
class AccountsChanged:
    """Accounts written in `slot`; None where the account was closed."""

    slot: int
    accounts: tuple[tuple[Pubkey, Account | None], ...]


@dataclass(frozen=True, slots=True)
class TransactionLanded:
    """A transaction landed, with or without an error."""

    record: TransactionRecord


Event: TypeAlias = SlotOpened | AccountsChanged | TransactionLanded
