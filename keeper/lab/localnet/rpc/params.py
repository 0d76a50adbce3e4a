"""Parameters of a call, checked as they are read."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from solders.hash import Hash, ParseHashError
from solders.pubkey import Pubkey
from solders.signature import Signature

from ..ledger import Json
from .errors import INVALID_PARAMS, INVALID_REQUEST, RpcError, invalid_params
from .node import Commitment

# Older clients still send the names that Agave maps to these.
_COMMITMENTS: dict[str, Commitment] = {
    "processed": "processed",
    "recent": "processed",
    "confirmed": "confirmed",
    "single": "confirmed",
    "singleGossip": "confirmed",
    "finalized": "finalized",
    "root": "finalized",
    "max": "finalized",
}

U64_MAX = 2**64 - 1

_BASE58_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PUBKEY_DIGITS = 44
_SIGNATURE_DIGITS = 88


def _type_of(value: Json) -> str:
    """Returns the type of `value` in the words of serde, as Agave tells it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value}`"
    if isinstance(value, str):
        return f'string "{value}"'
    return "map" if isinstance(value, Mapping) else "sequence"


def wrong_type(value: Json, expected: str) -> RpcError:
    """Returns the error of a parameter that is no `expected`."""
    return invalid_params(f"Invalid params: invalid type: {_type_of(value)}, expected {expected}.")


def as_text(value: Json) -> str:
    """Returns `value` as a string."""
    if not isinstance(value, str):
        raise wrong_type(value, "a string")
    return value


def as_integer(value: Json, *, maximum: int = U64_MAX, kind: str = "u64") -> int:
    """Returns `value` as an integer in [0, maximum], of the type that Agave calls `kind`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(value, kind)
    if not 0 <= value <= maximum:
        raise invalid_params(f"Invalid params: invalid value: integer `{value}`, expected {kind}.")
    return value


def as_list(value: Json, maximum: int) -> Sequence[Json]:
    """Returns `value` as a list of at most `maximum` items."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise wrong_type(value, "a sequence")
    if len(value) > maximum:
        raise invalid_params(f"Too many inputs provided; max {maximum}")
    return value


def as_choice(value: Json, choices: Sequence[str]) -> str:
    """Returns `value` as one of `choices`."""
    if not isinstance(value, str):
        raise wrong_type(value, "string or map")
    if value not in choices:
        quoted = [f"`{choice}`" for choice in choices]
        told = " or ".join(quoted) if len(quoted) == 2 else f"one of {', '.join(quoted)}"
        raise invalid_params(f"Invalid params: unknown variant `{value}`, expected {told}.")
    return value


def as_single(value: Json, choices: Sequence[str]) -> tuple[str, Json]:
    """Returns name and value of the only member of `value`, which is one of `choices`."""
    if not isinstance(value, Mapping):
        raise wrong_type(value, "string or map")
    if len(value) != 1:
        raise invalid_params("Invalid params: invalid value: map, expected map with a single key.")
    [(name, member)] = value.items()
    return as_choice(name, choices), member


def _parse_failure(text: str, longest: int) -> str:
    """Returns in which of Agave's two ways `text` is no base58 value of up to `longest` digits."""
    wrong_size = len(text) > longest or all(digit in _BASE58_DIGITS for digit in text)
    return "WrongSize" if wrong_size else "Invalid"


def as_pubkey(value: Json) -> Pubkey:
    """Returns `value` as a base58 address."""
    text = as_text(value)
    try:
        return Pubkey.from_string(text)
    except ValueError as error:
        failure = _parse_failure(text, _PUBKEY_DIGITS)
        raise invalid_params(f"Invalid param: {failure}") from error


def as_signature(value: Json) -> Signature:
    """Returns `value` as a base58 signature."""
    text = as_text(value)
    try:
        return Signature.from_string(text)
    except ValueError as error:
        failure = _parse_failure(text, _SIGNATURE_DIGITS)
        raise invalid_params(f"Invalid param: {failure}") from error


def as_hash(value: Json) -> Hash:
    """Returns `value` as a base58 hash."""
    text = as_text(value)
    try:
        return Hash.from_string(text)
    except ParseHashError as error:
        raise invalid_params(_parse_failure(text, _PUBKEY_DIGITS)) from error


class Config:
    """A configuration object; absent and null members take their defaults."""

    def __init__(self, members: Mapping[str, Json]) -> None:
        self._members = members

    def get(self, name: str) -> Json:
        """Returns the member as it came, None if absent."""
        return self._members.get(name)

    def flag(self, name: str, default: bool = False) -> bool:
        """Returns a boolean member."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise wrong_type(value, "a boolean")
        return value

    def integer(self, name: str, kind: str = "u64") -> int | None:
        """Returns an unsigned member."""
        value = self.get(name)
        return None if value is None else as_integer(value, kind=kind)

    def required_integer(self, name: str, kind: str = "usize") -> int:
        """Returns an unsigned member that must be there."""
        if name not in self._members:
            raise invalid_params(f"Invalid params: missing field `{name}`.")
        return as_integer(self.get(name), kind=kind)

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Returns a member that is one of `choices`."""
        value = self.get(name)
        return default if value is None else as_choice(value, choices)

    def section(self, name: str) -> "Config | None":
        """Returns a member that is an object itself."""
        value = self.get(name)
        return None if value is None else as_config(value)

    def commitment(self, name: str = "commitment") -> Commitment:
        """Returns the commitment asked for; what Agave does not know is finalized to it, too."""
        value = self.get(name)
        return _COMMITMENTS.get(value, "finalized") if isinstance(value, str) else "finalized"

    def history_commitment(self) -> Commitment:
        """Returns the commitment asked for, where only confirmed history is served."""
        commitment = self.commitment()
        if commitment == "processed":
            raise invalid_params("Method does not support commitment below `confirmed`")
        return commitment


def as_config(value: Json) -> Config:
    """Returns `value` as a configuration object."""
    if value is None:
        return Config({})
    if not isinstance(value, Mapping):
        raise wrong_type(value, "a map")
    return Config(value)


class Params:
    """Positional parameters; those left out are null."""

    def __init__(self, values: Sequence[Json]) -> None:
        self._values = values

    def get(self, index: int) -> Json:
        """Returns the parameter as it came, None if absent."""
        return self._values[index] if 0 <= index < len(self._values) else None

    def text(self, index: int) -> str:
        """Returns a string parameter."""
        return as_text(self.get(index))

    def integer(self, index: int, kind: str = "u64") -> int:
        """Returns an unsigned parameter."""
        return as_integer(self.get(index), kind=kind)

    def pubkey(self, index: int) -> Pubkey:
        """Returns a base58 address."""
        return as_pubkey(self.get(index))

    def signature(self, index: int) -> Signature:
        """Returns a base58 signature."""
        return as_signature(self.get(index))

    def config(self, index: int) -> Config:
        """A configuration object; a bare string is the encoding, as older clients send it."""
        value = self.get(index)
        return Config({"encoding": value}) if isinstance(value, str) else as_config(value)


def positional(params: Json, required: int, optional: int, *, named: bool = False) -> Params:
    """Check `params` of a request against the number that a method takes.

    One object may stand for the list where the method takes `named` parameters.
    """
    if params is None:
        params = []
    if isinstance(params, Mapping):
        if not named:
            raise invalid_params("`params` should be an array")
        params = [cast(Json, params)]
    if isinstance(params, str) or not isinstance(params, Sequence):
        raise RpcError(INVALID_REQUEST, "Invalid request")
    most = required + optional
    if len(params) > most and most == 0:
        raise RpcError(
            INVALID_PARAMS, "Invalid parameters: No parameters were expected", json.dumps(params)
        )
    if len(params) < required:
        raise invalid_params(f"`params` should have at least {required} argument(s)")
    if len(params) > most:
        raise RpcError(
            INVALID_PARAMS,
            f"Invalid parameters: Expected from {required} to {most} parameters.",
            f'"Got: {len(params)}"',
        )
    return Params(params)
