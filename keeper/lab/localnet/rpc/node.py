"""What the methods share: the bank, and how commitment is modelled."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from solders.keypair import Keypair

from ..accounts import AccountsAt
from ..bank import Bank
from ..ledger import Json, TransactionRecord
from ..mint import TokenMint

API_VERSION = "2.2.0"
"""Version of the Agave runtime inside LiteSVM."""

Commitment: TypeAlias = Literal["processed", "confirmed", "finalized"]


@dataclass(frozen=True, slots=True)
class Node:
    """A bank as a validator shows it.

    There are no forks: the block that is open is processed, the one `confirmation_lag` blocks
    before it confirmed, the one `finality_lag` blocks before it finalized. With a lag of 0 a
    transaction has that commitment at once. `bank` must remember `finality_lag` blocks. The
    addresses are those of JSON-RPC and PubSub (host:port), None where neither is served.
    """

    bank: Bank
    mint: TokenMint | None = None
    confirmation_lag: int = 0
    finality_lag: int = 0
    identity: Keypair = field(default_factory=Keypair)
    rpc_address: str | None = None
    pubsub_address: str | None = None

    def lag_of(self, commitment: Commitment) -> int:
        """Returns by how many blocks `commitment` is behind the open one."""
        lags = {"confirmed": self.confirmation_lag, "finalized": self.finality_lag}
        return lags.get(commitment, 0)

    def height_at(self, commitment: Commitment) -> int:
        """Returns the height of the newest block of `commitment`."""
        return max(0, self.bank.block_height - self.lag_of(commitment))

    def slot_at(self, commitment: Commitment) -> int:
        """Returns the slot of the newest block of `commitment`."""
        return self.bank.slot_at(self.height_at(commitment))

    def accounts_at(self, commitment: Commitment) -> AccountsAt:
        """Returns the accounts as the newest block of `commitment` has them."""
        return self.bank.accounts_at(self.slot_at(commitment))

    def shows(self, record: TransactionRecord, commitment: Commitment) -> bool:
        """Returns whether `record` has reached `commitment`."""
        return record.slot <= self.slot_at(commitment)

    def status_of(self, record: TransactionRecord) -> Commitment:
        """Returns the highest commitment that `record` has reached."""
        if self.shows(record, "finalized"):
            return "finalized"
        return "confirmed" if self.shows(record, "confirmed") else "processed"

    def with_context(self, value: Json, slot: int) -> dict[str, Json]:
        """Returns `value` under the slot at which it was read."""
        return {"context": {"apiVersion": API_VERSION, "slot": slot}, "value": value}
