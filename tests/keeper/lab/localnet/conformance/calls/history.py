"""Landed transactions and blocks."""

from typing import Any

from .call import (
    CONFIRMED,
    FAR,
    PARSED,
    PROCESSED,
    UNKNOWN_SIGNATURE,
    Call,
    payer,
    signature_of,
    slot_of,
)

_VERSIONED = {"maxSupportedTransactionVersion": 0}
_NO_REWARDS = {"rewards": False}
_LISTED = "getSignaturesForAddress"
_STATUSES = "getSignatureStatuses"


def _transaction(name: str, of: str, **config: Any) -> Call:
    return Call("getTransaction", name, signature_of(of), config)


def _block(name: str, **config: Any) -> Call:
    return Call("getBlock", name, slot_of("tokens"), {**_VERSIONED, **config})


HISTORY = (
    _transaction("json", "tokens", encoding="json"),
    _transaction("parsed", "tokens", **PARSED, **_VERSIONED),
    _transaction("parsed, a new mint", "mint", **PARSED, **CONFIRMED),
    _transaction("base64", "tokens", encoding="base64"),
    _transaction("base58", "tokens", encoding="base58"),
    _transaction("failed", "failed", encoding="json", **_VERSIONED),
    _transaction("versioned", "versioned", encoding="json", **_VERSIONED),
    _transaction("unsupported version", "versioned", encoding="json"),
    _transaction("processed", "tokens", **PROCESSED),
    Call("getTransaction", "encoding alone", signature_of("tokens"), "jsonParsed"),
    Call("getTransaction", "unknown", UNKNOWN_SIGNATURE),
    Call("getTransaction", "no signature", "not a signature"),
    _block("json", **_NO_REWARDS),
    _block("parsed", **PARSED, **_NO_REWARDS),
    _block("accounts", transactionDetails="accounts", **_NO_REWARDS),
    _block("signatures", transactionDetails="signatures", **_NO_REWARDS),
    _block("none", transactionDetails="none", **_NO_REWARDS),
    _block("base64", encoding="base64", **_NO_REWARDS),
    _block("with rewards", transactionDetails="none"),
    Call("getBlock", "to come", FAR),
    Call("getBlocks", "range", slot_of("mint"), slot_of("tokens")),
    Call("getBlocks", "backwards", slot_of("tokens"), slot_of("mint")),
    Call("getBlocks", "from a slot on, confirmed", slot_of("mint"), None, CONFIRMED),
    Call("getBlocksWithLimit", "limit", slot_of("mint"), 3),
    Call("getBlocksWithLimit", "limit too large", 0, 500_001),
    Call("getBlockTime", "slot", slot_of("tokens")),
    Call("getBlockTime", "to come", FAR),
    Call("getBlockTime", "no slot", "x"),
    Call(_LISTED, "all", payer),
    Call(
        _LISTED,
        "before and until",
        payer,
        {"limit": 5, "before": signature_of("failed"), "until": signature_of("mint")},
    ),
    Call(_LISTED, "limit too large", payer, {"limit": 1001}),
    Call(_LISTED, "processed", payer, PROCESSED),
    Call(_STATUSES, "known and unknown", [signature_of("tokens"), UNKNOWN_SIGNATURE]),
    Call(_STATUSES, "failed", [signature_of("failed")], {"searchTransactionHistory": True}),
    Call(_STATUSES, "too many", [UNKNOWN_SIGNATURE] * 257),
)
