"""Methods that read landed transactions and closed blocks."""

from collections.abc import Mapping
from itertools import dropwhile, islice, takewhile

from ..ledger import Json, TransactionRecord
from ..parsed import memos
from ..slots import Block
from .errors import BLOCK_NOT_AVAILABLE, SLOT_SKIPPED, RpcError, invalid_params
from .method import Method
from .node import Node
from .params import U64_MAX, Config, Params, as_integer, as_list, as_signature
from .transactions import (
    encode_status,
    encode_transaction,
    encode_transaction_accounts,
    top_level,
)

_MAX_SIGNATURES = 1000
_MAX_STATUSES = 256
_MAX_BLOCK_RANGE = 500_000
_DETAILS = ("full", "signatures", "none", "accounts")


def _transaction(node: Node, params: Params) -> Json:
    config = params.config(1)
    commitment = config.history_commitment()
    record = node.bank.record(params.signature(0))
    if record is None or not node.shows(record, commitment):
        return None
    return {
        "slot": record.slot,
        "blockTime": record.block_time,
        "transactionIndex": record.index,
        **encode_transaction(record, config),
    }


def _signature_statuses(node: Node, params: Params) -> Json:
    params.config(1).flag("searchTransactionHistory")
    signatures = [as_signature(one) for one in as_list(params.get(0), _MAX_STATUSES)]
    statuses = [_status(node, node.bank.record(one)) for one in signatures]
    return node.with_context(statuses, node.bank.slot)


def _status(node: Node, record: TransactionRecord | None) -> Json:
    if record is None:
        return None
    commitment = node.status_of(record)
    final = commitment == "finalized"
    return {
        "slot": record.slot,
        "confirmations": None if final else len(node.bank.blocks_between(record.slot, U64_MAX)),
        "err": record.err,
        "status": encode_status(record.err),
        "confirmationStatus": commitment,
    }


def _signatures_for_address(node: Node, params: Params) -> Json:
    """Returns the records between `before` and `until`, newest first and without either."""
    config = params.config(1)
    commitment = config.history_commitment()
    limit = config.integer("limit", "usize")
    if limit is None:
        limit = _MAX_SIGNATURES
    if not 1 <= limit <= _MAX_SIGNATURES:
        raise invalid_params(f"Invalid limit; max {_MAX_SIGNATURES}")
    records = iter(node.bank.history(params.pubkey(0)))
    if config.get("before") is not None:
        before = as_signature(config.get("before"))
        records = islice(dropwhile(lambda record: record.signature != before, records), 1, None)
    if config.get("until") is not None:
        until = as_signature(config.get("until"))
        records = takewhile(lambda record: record.signature != until, records)
    shown = (record for record in records if node.shows(record, commitment))
    return [
        {
            "signature": str(record.signature),
            "slot": record.slot,
            "err": record.err,
            "memo": memos(top_level(record)),
            "blockTime": record.block_time,
            "transactionIndex": record.index,
            "confirmationStatus": node.status_of(record),
        }
        for record in islice(shown, limit)
    ]


def _closed_block(node: Node, slot: int, config: Config) -> Block:
    newest = node.slot_at(config.history_commitment())
    if slot >= node.bank.slot or slot > newest:
        raise RpcError(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")
    block = node.bank.block(slot)
    if block is None:
        raise RpcError(
            SLOT_SKIPPED,
            f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot",
        )
    return block


def _block(node: Node, params: Params) -> Json:
    config = params.config(1)
    block = _closed_block(node, params.integer(0), config)
    details = config.choice("transactionDetails", _DETAILS, "full")
    encoded: dict[str, Json] = {
        "blockHeight": block.height,
        "blockTime": block.time,
        "blockhash": str(block.blockhash),
        "parentSlot": block.parent_slot,
        "previousBlockhash": str(block.previous_blockhash),
    }
    if config.flag("rewards", default=True):
        encoded["rewards"] = []
    records = [node.bank.record(signature) for signature in block.signatures]
    if details == "signatures":
        encoded["signatures"] = [str(signature) for signature in block.signatures]
    elif details != "none":
        encode = encode_transaction if details == "full" else encode_transaction_accounts
        encoded["transactions"] = [encode(one, config) for one in records if one is not None]
    return encoded


def _block_time(node: Node, params: Params) -> Json:
    return _closed_block(node, params.integer(0), Config({})).time


def _blocks(node: Node, params: Params) -> Json:
    last = params.get(1)
    config = params.config(1 if isinstance(last, Mapping) else 2)
    newest = min(node.slot_at(config.history_commitment()), node.bank.slot - 1)
    start = params.integer(0)
    end = newest if isinstance(last, Mapping | None) else min(newest, as_integer(last))
    if end - start > _MAX_BLOCK_RANGE:
        raise invalid_params(f"Slot range too large; max {_MAX_BLOCK_RANGE}")
    return [block.slot for block in node.bank.blocks_between(start, end)]


def _blocks_with_limit(node: Node, params: Params) -> Json:
    newest = min(node.slot_at(params.config(2).history_commitment()), node.bank.slot - 1)
    start, limit = params.integer(0), params.integer(1, "usize")
    if limit > _MAX_BLOCK_RANGE:
        raise invalid_params(f"Limit too large; max {_MAX_BLOCK_RANGE}")
    return [block.slot for block in node.bank.blocks_between(start, newest)[:limit]]


METHODS = {
    "getBlock": Method(_block, 1, 1),
    "getBlockTime": Method(_block_time, 1),
    "getBlocks": Method(_blocks, 1, 2),
    "getBlocksWithLimit": Method(_blocks_with_limit, 2, 1),
    "getSignatureStatuses": Method(_signature_statuses, 1, 1),
    "getSignaturesForAddress": Method(_signatures_for_address, 1, 1),
    "getTransaction": Method(_transaction, 1, 1),
}
