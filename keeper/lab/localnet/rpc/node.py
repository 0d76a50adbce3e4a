"""What the methods share: the bank, and how commitment is modelled."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from solders.keypair import Keypair

from ..bank import Bank
from ..ledger import Json, TransactionRecord
from ..mint import TokenMint

API_VERSION = "2.2.0"
"""Version of the Agave runtime inside LiteSVM."""

Commitment: TypeAlias = Literal["processed", "confirmed", "finalized"]


@dataclass(frozen=True, slots=True)
class Node:
    """A bank as a validator shows it.

    There are no forks: a transaction is confirmed in the slot in which it lands, and finalized
    `finality_lag` slots later (0: at once). The lag governs slots, statuses, transactions,
    signature lists and notifications; accounts and blockhashes are read at the open slot under
    every commitment.
    """

    bank: Bank
    mint: TokenMint | None = None
    finality_lag: int = 0
    identity: Keypair = field(default_factory=Keypair)

    def slot_at(self, commitment: Commitment) -> int:
        """Returns the newest slot of `commitment`."""
        lag = self.finality_lag if commitment == "finalized" else 0
        return max(0, self.bank.slot - lag)

    def shows(self, record: TransactionRecord, commitment: Commitment) -> bool:
        """Returns whether `record` has reached `commitment`."""
        return record.slot <= self.slot_at(commitment)

    def status_of(self, record: TransactionRecord) -> Commitment:
        """Returns the highest commitment that `record` has reached."""
        return "finalized" if self.shows(record, "finalized") else "confirmed"

    def with_context(self, value: Json, slot: int | None = None) -> dict[str, Json]:
        """Returns `value` under the slot at which it was read: by default the open one."""
        return {
            "context": {
                "apiVersion": API_VERSION,
                "slot": self.bank.slot if slot is None else slot,
            },
            "value": value,
        }
