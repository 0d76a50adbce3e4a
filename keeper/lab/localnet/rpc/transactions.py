"""Transactions and their metadata as the RPC encodes them."""

from collections.abc import Sequence

from solders.instruction import CompiledInstruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction_metadata import InnerInstruction

from ..ledger import Json, TokenBalance, TransactionRecord
from ..message import AccountKeys
from ..spl_token import ui_amount
from .encoding import base58, base64_text
from .errors import UNSUPPORTED_TRANSACTION_VERSION, RpcError
from .params import Config

TRANSACTION_ENCODINGS = ("json", "base64", "base58", "binary", "jsonParsed")


def encode_status(err: Json) -> Json:
    """Returns the deprecated `status` beside `err`, which older clients read."""
    return {"Ok": None} if err is None else {"Err": err}


def encode_return_data(data: tuple[Pubkey, bytes] | None) -> Json:
    """What the last program returned, null if nothing."""
    if data is None:
        return None
    return {"programId": str(data[0]), "data": [base64_text(data[1]), "base64"]}


def encode_inner_instructions(
    groups: Sequence[Sequence[InnerInstruction]], keys: Sequence[Pubkey], *, parsed: bool
) -> Json:
    """Inner instructions by the index of the instruction that made them."""
    return [
        {
            "index": index,
            "instructions": [
                _instruction(inner.instruction(), keys, _stack_height(inner), parsed=parsed)
                for inner in group
            ],
        }
        for index, group in enumerate(groups)
        if group
    ]


def _stack_height(inner: InnerInstruction) -> int:
    # The stub of solders 0.26 leaves it out.
    height: int = inner.stack_height()  # type: ignore[attr-defined]
    return height


def encode_transaction(record: TransactionRecord, config: Config) -> dict[str, Json]:
    """`transaction`, `meta` and `version` of a landed transaction.

    Raises RpcError if it has a version that the caller does not support.
    """
    encoding = config.choice("encoding", TRANSACTION_ENCODINGS, "json")
    supported = config.integer("maxSupportedTransactionVersion")
    message = record.transaction.message
    versioned = isinstance(message, MessageV0)
    if versioned and supported is None:
        raise RpcError(
            UNSUPPORTED_TRANSACTION_VERSION,
            "Transaction version (0) is not supported by the requesting client."
            " Please try the request again with the following configuration parameter:"
            ' "maxSupportedTransactionVersion": 0',
        )
    encoded: dict[str, Json] = {
        "transaction": _transaction(record, encoding),
        "meta": _meta(record, parsed=encoding == "jsonParsed"),
    }
    if supported is not None:
        encoded["version"] = 0 if versioned else "legacy"
    return encoded


def _transaction(record: TransactionRecord, encoding: str) -> Json:
    raw = bytes(record.transaction)
    if encoding == "base64":
        return [base64_text(raw), "base64"]
    if encoding == "base58":
        return [base58(raw), "base58"]
    if encoding == "binary":
        return base58(raw)
    return {
        "signatures": [str(signature) for signature in record.transaction.signatures],
        "message": _message(record, parsed=encoding == "jsonParsed"),
    }


def _message(record: TransactionRecord, *, parsed: bool) -> dict[str, Json]:
    message = record.transaction.message
    keys = record.keys
    encoded: dict[str, Json] = {
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            _instruction(instruction, keys.all, None, parsed=parsed)
            for instruction in message.instructions
        ],
    }
    header = message.header
    if parsed:
        encoded["accountKeys"] = _parsed_keys(keys, header.num_required_signatures)
    else:
        encoded["accountKeys"] = [str(key) for key in keys.static]
        encoded["header"] = {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        }
    if isinstance(message, MessageV0):
        encoded["addressTableLookups"] = [
            {
                "accountKey": str(lookup.account_key),
                "writableIndexes": list(lookup.writable_indexes),
                "readonlyIndexes": list(lookup.readonly_indexes),
            }
            for lookup in message.address_table_lookups
        ]
    return encoded


def _parsed_keys(keys: AccountKeys, signers: int) -> Json:
    return [
        {
            "pubkey": str(key),
            "signer": index < signers,
            "source": "transaction" if index < len(keys.static) else "lookupTable",
            "writable": index in keys.writable,
        }
        for index, key in enumerate(keys.all)
    ]


def _instruction(
    instruction: CompiledInstruction,
    keys: Sequence[Pubkey],
    stack_height: int | None,
    *,
    parsed: bool,
) -> Json:
    indexes = list(instruction.accounts)
    encoded: dict[str, Json] = {"data": base58(instruction.data), "stackHeight": stack_height}
    if parsed:
        encoded["programId"] = str(keys[instruction.program_id_index])
        encoded["accounts"] = [str(keys[index]) for index in indexes]
    else:
        encoded["programIdIndex"] = instruction.program_id_index
        encoded["accounts"] = indexes
    return encoded


def _meta(record: TransactionRecord, *, parsed: bool) -> Json:
    meta: dict[str, Json] = {
        "err": record.err,
        "status": encode_status(record.err),
        "fee": record.fee,
        "preBalances": record.pre_balances,
        "postBalances": record.post_balances,
        "innerInstructions": encode_inner_instructions(
            record.inner_instructions, record.keys.all, parsed=parsed
        ),
        "logMessages": record.logs,
        "preTokenBalances": [_token_balance(one) for one in record.pre_token_balances],
        "postTokenBalances": [_token_balance(one) for one in record.post_token_balances],
        "rewards": [],
        "computeUnitsConsumed": record.units,
    }
    if not parsed:
        meta["loadedAddresses"] = {
            "writable": [str(key) for key in record.keys.loaded_writable],
            "readonly": [str(key) for key in record.keys.loaded_readonly],
        }
    if record.return_data is not None:
        meta["returnData"] = encode_return_data(record.return_data)
    return meta


def _token_balance(balance: TokenBalance) -> Json:
    return {
        "accountIndex": balance.account_index,
        "mint": str(balance.mint),
        "owner": str(balance.owner),
        "programId": str(balance.program),
        "uiTokenAmount": ui_amount(balance.amount, balance.decimals),
    }
