"""Executed transactions and the history of each address."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import InnerInstruction

from .message import AccountKeys

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """Balance in base units of the token account at `account_index` of a transaction."""

    account_index: int
    mint: Pubkey
    owner: Pubkey
    program: Pubkey
    amount: int
    decimals: int


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """What became of a transaction.

    `err` is the error as the RPC encodes it (`{"InstructionError": [0, {"Custom": 6000}]}`),
    None on success. `landed` is false where the cluster would drop the transaction: no fee, no
    history. `index` is its place in its block. `units` are compute units, `loaded_bytes` those of
    all its accounts, `fee` and balances lamports; balances follow `keys.all`.
    """

    transaction: VersionedTransaction
    signature: Signature
    slot: int
    block_time: int
    landed: bool
    err: Json
    index: int = 0
    logs: tuple[str, ...] = ()
    units: int = 0
    loaded_bytes: int = 0
    fee: int = 0
    keys: AccountKeys = field(default=AccountKeys((), (), (), frozenset()))
    pre_balances: tuple[int, ...] = ()
    post_balances: tuple[int, ...] = ()
    pre_token_balances: tuple[TokenBalance, ...] = ()
    post_token_balances: tuple[TokenBalance, ...] = ()
    inner_instructions: tuple[tuple[InnerInstruction, ...], ...] = ()
    return_data: tuple[Pubkey, bytes] | None = None

    @property
    def ok(self) -> bool:
        """Returns whether it landed without error."""
        return self.err is None

    @property
    def custom_error(self) -> int | None:
        """Returns the program's own error number, if the error is one."""
        return custom_error(self.err)


def custom_error(err: Json) -> int | None:
    """Number in `{"InstructionError": [index, {"Custom": number}]}`, None for other errors."""
    if not isinstance(err, Mapping):
        return None
    instruction_error = err.get("InstructionError")
    if not isinstance(instruction_error, Sequence):
        return None
    reason = instruction_error[1]
    code = reason.get("Custom") if isinstance(reason, Mapping) else None
    return code if isinstance(code, int) else None


class Ledger:
    """Landed transactions by signature and by address."""

    def __init__(self) -> None:
        self._records: dict[Signature, TransactionRecord] = {}
        self._messages: dict[Hash, int] = {}
        self._by_address: defaultdict[Pubkey, list[TransactionRecord]] = defaultdict(list)
        self._open_block: list[Signature] = []

    def __len__(self) -> int:
        return len(self._records)

    @property
    def open_block_size(self) -> int:
        """Returns the number of transactions in the open block."""
        return len(self._open_block)

    def copy(self) -> "Ledger":
        """Returns a copy of the history that changes independently."""
        twin = Ledger()
        twin._records.update(self._records)
        twin._messages.update(self._messages)
        twin._by_address.update((key, [*records]) for key, records in self._by_address.items())
        twin._open_block.extend(self._open_block)
        return twin

    def add(self, record: TransactionRecord) -> None:
        """Add a landed transaction to the open block."""
        self._records[record.signature] = record
        self._messages[record.transaction.message.hash()] = record.slot
        for key in set(record.keys.all):
            self._by_address[key].append(record)
        self._open_block.append(record.signature)

    def take_open_block(self) -> tuple[Signature, ...]:
        """Returns the signatures of the open block, in order; the next block starts empty."""
        signatures = tuple(self._open_block)
        self._open_block.clear()
        return signatures

    def get(self, signature: Signature) -> TransactionRecord | None:
        """Returns the landed transaction, or None."""
        return self._records.get(signature)

    def slot_of(self, message_hash: Hash) -> int | None:
        """Returns the slot in which this message landed, under whichever signature, or None."""
        return self._messages.get(message_hash)

    def of_address(self, address: Pubkey) -> Iterator[TransactionRecord]:
        """Returns the landed transactions that name `address`, newest first."""
        return reversed(self._by_address.get(address, []))
