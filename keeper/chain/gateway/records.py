"""What a gateway tells of blockhashes and transactions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from solana.rpc.commitment import Commitment, Confirmed, Finalized, Processed
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.rpc.responses import RpcConfirmedTransactionStatusWithSignature
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_status import (
    EncodedTransactionWithStatusMeta,
    TransactionConfirmationStatus,
    TransactionStatus,
    UiTransactionStatusMeta,
)

from keeper.chain.errors import UnexpectedDataError

_RANK: Final = {Processed: 0, Confirmed: 1, Finalized: 2}


@dataclass(frozen=True, slots=True)
class Blockhash:
    """A recent blockhash and the last block height at which it is accepted."""

    hash: Hash
    last_valid_block_height: int


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """How far a transaction has come; `error` is set where it landed and failed.

    `keeper.chain.errors.transaction_failure` tells what the error means.
    """

    slot: int
    commitment: Commitment
    error: object | None

    def reached(self, commitment: Commitment) -> bool:
        """Returns whether it is at least at this commitment."""
        return _RANK[self.commitment] >= _RANK[commitment]


@dataclass(frozen=True, slots=True)
class SignatureRecord:
    """One entry of an address's history; `seconds` is its block's Unix time where it is known."""

    signature: Signature
    slot: int
    failed: bool
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class LandedTransaction:
    """A landed transaction's logs. One with an `error` has no effect and no valid events.

    `lamports` has the change of each account's balance, fees included.
    """

    signature: Signature
    slot: int
    error: object | None
    logs: tuple[str, ...]
    lamports: Mapping[Pubkey, int]


def status_of(status: TransactionStatus) -> SignatureStatus:
    """Returns a transaction's status as the node tells it."""
    level = str(status.confirmation_status or TransactionConfirmationStatus.Processed)
    return SignatureStatus(status.slot, Commitment(level.rpartition(".")[2].lower()), status.err)


def record_of(entry: RpcConfirmedTransactionStatusWithSignature) -> SignatureRecord:
    """Returns an entry of a history as the node tells it."""
    return SignatureRecord(entry.signature, entry.slot, entry.err is not None, entry.block_time)


def landed_of(
    signature: Signature, slot: int, found: EncodedTransactionWithStatusMeta
) -> LandedTransaction:
    """Returns a landed transaction as the node tells it; raises UnexpectedDataError."""
    meta, transaction = found.meta, found.transaction
    if not isinstance(meta, UiTransactionStatusMeta):
        raise UnexpectedDataError(f"transaction {signature} came without its outcome")
    if not isinstance(transaction, VersionedTransaction):
        raise UnexpectedDataError(f"transaction {signature} came in another encoding")
    # Accounts of lookup tables follow; they are never those that pay.
    balances = zip(
        transaction.message.account_keys, meta.pre_balances, meta.post_balances, strict=False
    )
    return LandedTransaction(
        signature,
        slot,
        meta.err,
        tuple(meta.log_messages or ()),
        {key: after - before for key, before, after in balances},
    )
