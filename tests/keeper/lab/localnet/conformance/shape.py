"""The shape of an answer: what is left of it once its values are gone."""

import json
import re
from typing import Any

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_KEY = re.compile(f"{_BASE58}{{32,44}}")
_SIGNATURE = re.compile(f"{_BASE58}{{80,90}}")
_VALUE = re.compile(rf"{_BASE58}{{32,90}}|0x[0-9a-f]+|\d+")
# What follows is the words of the library that reads transactions.
_CAUSE = re.compile(r"(failed to deserialize [\w:]+): .*")
_VOTES = "Vote111111111111111111111111111111111111111"

WORDS = frozenset(
    {
        "account",
        "accountNotification",
        "base58",
        "base64",
        "base64+zstd",
        "completed",
        "confirmed",
        "createdBank",
        "finalized",
        "frozen",
        "initialized",
        "legacy",
        "logsNotification",
        "mint",
        "ok",
        "optimisticConfirmation",
        "processed",
        "programNotification",
        "root",
        "rootNotification",
        "signatureNotification",
        "slotNotification",
        "slotsUpdatesNotification",
        "spl-associated-token-account",
        "spl-memo",
        "spl-token",
        "system",
        "sysvar",
        "transaction",
    }
)
"""Words of the protocol, which are part of a shape."""


def response_shape(answer: dict[str, Any]) -> Any:
    """Returns the shape of a response; an error keeps its code and the form of its message."""
    error = answer.get("error")
    if error is None:
        return shape(answer)
    form = _VALUE.sub("_", _CAUSE.sub(r"\1: _", error["message"]))
    rest = {name: value for name, value in error.items() if name not in ("code", "message")}
    return {"error": {"code": error["code"], "message": form, **_members(rest)}}


def shape(value: Any) -> Any:
    """Returns `value` with the names of their kinds in place of strings and numbers.

    Null, booleans, words of the protocol and the members of objects stay. A list becomes the
    shapes that are in it, each once, but a pair such as `[data, encoding]` keeps its order. An
    object whose members are named by addresses becomes the list of its values. Votes, which a
    validator's blocks hold besides, are left out.
    """
    if isinstance(value, dict):
        return _members(value)
    if isinstance(value, list):
        return _elements(value)
    if isinstance(value, str):
        return _kind(value)
    if value is None or isinstance(value, bool):
        return value
    return "integer" if isinstance(value, int) else "number"


def _members(value: dict[str, Any]) -> dict[str, Any]:
    if value and all(_KEY.fullmatch(name) for name in value):
        return {"<address>": _elements(list(value.values()))}
    return {name: shape(value[name]) for name in sorted(value)}


def _elements(value: list[Any]) -> list[Any]:
    if len(value) == 2 and value[1] in ("base58", "base64", "base64+zstd"):
        return ["data", shape(value[1])]
    shapes: dict[str, Any] = {}
    for one in value:
        if not _is_vote(one):
            found = shape(one)
            shapes[found if isinstance(found, str) else json.dumps(found, sort_keys=True)] = found
    return [shapes[text] for text in sorted(shapes)]


def _is_vote(transaction: Any) -> bool:
    return (
        isinstance(transaction, dict)
        and "meta" in transaction
        and _VOTES in json.dumps(transaction)
    )


def _kind(text: str) -> str:
    if text in WORDS:
        return f"'{text}'"
    if text.isascii() and text.isdigit():
        return "decimal"
    if _SIGNATURE.fullmatch(text):
        return "signature"
    return "address" if _KEY.fullmatch(text) else "text"
