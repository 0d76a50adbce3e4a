"""Transactions and their metadata as the RPC encodes them."""

from collections.abc import Sequence

from solders.instruction import CompiledInstruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction_metadata import InnerInstruction

from ..costs import cost_units
from ..ledger import Json, TokenBalance, TransactionRecord
from ..message import AccountKeys
from ..parsed import parse_instruction
from ..spl_token import ui_amount
from .binary import base58, base64_text
from .errors import UNSUPPORTED_TRANSACTION_VERSION, RpcError
from .params import Config

_TOP_LEVEL_HEIGHT = 1
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


def top_level(record: TransactionRecord) -> list[tuple[Pubkey, bytes]]:
    """Returns program and data of each instruction that the transaction itself names."""
    return [
        (record.keys.all[instruction.program_id_index], bytes(instruction.data))
        for instruction in record.transaction.message.instructions
    ]


def encode_loaded_addresses(keys: AccountKeys) -> Json:
    """Addresses that came from lookup tables."""
    return {
        "writable": [str(key) for key in keys.loaded_writable],
        "readonly": [str(key) for key in keys.loaded_readonly],
    }


def encode_transaction(record: TransactionRecord, config: Config) -> dict[str, Json]:
    """`transaction`, `meta` and `version` of a landed transaction.

    Raises RpcError if it has a version that the caller does not support.
    """
    encoding = config.choice("encoding", TRANSACTION_ENCODINGS, "json")
    return {
        **_version(record, config),
        "transaction": _transaction(record, encoding),
        "meta": {
            **_meta(record, parsed=encoding == "jsonParsed"),
            "rewards": [] if config.flag("rewards", default=True) else None,
        },
    }


def encode_transaction_accounts(record: TransactionRecord, config: Config) -> dict[str, Json]:
    """Like `encode_transaction`, without the instructions and what they did but to balances."""
    signers = record.transaction.message.header.num_required_signatures
    return {
        **_version(record, config),
        "transaction": {
            "signatures": [str(signature) for signature in record.transaction.signatures],
            "accountKeys": _parsed_keys(record.keys, signers),
        },
        "meta": _outcome(record),
    }


def _version(record: TransactionRecord, config: Config) -> dict[str, Json]:
    supported = config.integer("maxSupportedTransactionVersion", "u8")
    versioned = isinstance(record.transaction.message, MessageV0)
    if versioned and supported is None:
        raise RpcError(
            UNSUPPORTED_TRANSACTION_VERSION,
            "Transaction version (0) is not supported by the requesting client."
            " Please try the request again with the following configuration parameter:"
            ' "maxSupportedTransactionVersion": 0',
        )
    return {} if supported is None else {"version": 0 if versioned else "legacy"}


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
            _instruction(instruction, keys.all, _TOP_LEVEL_HEIGHT, parsed=parsed)
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
    instruction: CompiledInstruction, keys: Sequence[Pubkey], stack_height: int, *, parsed: bool
) -> Json:
    indexes = list(instruction.accounts)
    data = bytes(instruction.data)
    if not parsed:
        return {
            "programIdIndex": instruction.program_id_index,
            "accounts": indexes,
            "data": base58(data),
            "stackHeight": stack_height,
        }
    program_id = keys[instruction.program_id_index]
    accounts = [str(keys[index]) for index in indexes]
    known = parse_instruction(program_id, accounts, data)
    return {
        "programId": str(program_id),
        **({"accounts": accounts, "data": base58(data)} if known is None else known),
        "stackHeight": stack_height,
    }


def _outcome(record: TransactionRecord) -> dict[str, Json]:
    return {
        "err": record.err,
        "status": encode_status(record.err),
        "fee": record.fee,
        "preBalances": record.pre_balances,
        "postBalances": record.post_balances,
        "preTokenBalances": _stored_token_balances(record.pre_token_balances),
        "postTokenBalances": _stored_token_balances(record.post_token_balances),
    }


def _meta(record: TransactionRecord, *, parsed: bool) -> dict[str, Json]:
    meta: dict[str, Json] = {
        **_outcome(record),
        "innerInstructions": encode_inner_instructions(
            record.inner_instructions, record.keys.all, parsed=parsed
        ),
        "logMessages": record.logs,
        "computeUnitsConsumed": record.units,
        "costUnits": cost_units(
            record.transaction.message,
            write_locks=len(record.keys.writable),
            units=record.units,
            loaded=record.loaded_bytes,
        ),
    }
    if not parsed:
        meta["loadedAddresses"] = encode_loaded_addresses(record.keys)
    if record.return_data is not None:
        meta["returnData"] = encode_return_data(record.return_data)
    return meta


def encode_token_balances(balances: Sequence[TokenBalance]) -> list[dict[str, Json]]:
    """Balances of the token accounts among a transaction's accounts."""
    return [
        {
            "accountIndex": balance.account_index,
            "mint": str(balance.mint),
            "owner": str(balance.owner),
            "programId": str(balance.program),
            "uiTokenAmount": ui_amount(balance.amount, balance.decimals),
        }
        for balance in balances
    ]


def _stored_token_balances(balances: Sequence[TokenBalance]) -> Json:
    """As read back from a ledger, where Agave cannot tell a zero from nothing."""
    encoded = encode_token_balances(balances)
    for balance, one in zip(balances, encoded, strict=True):
        if balance.amount == 0:
            one["uiTokenAmount"] = {**ui_amount(0, balance.decimals), "uiAmount": None}
    return encoded
