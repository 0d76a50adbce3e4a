"""Parameters of a call, checked as they are read."""

from collections.abc import Mapping, Sequence
from typing import cast

from solders.hash import Hash, ParseHashError
from solders.pubkey import Pubkey
from solders.signature import Signature

from ..ledger import Json
from .errors import INVALID_REQUEST, RpcError, invalid_params
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


def as_text(value: Json, name: str) -> str:
    """Returns `value` as a string."""
    if not isinstance(value, str):
        raise invalid_params(f"Invalid params: {name} must be a string")
    return value


def as_integer(value: Json, name: str, maximum: int = U64_MAX) -> int:
    """Returns `value` as an integer in [0, maximum]."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= maximum:
        raise invalid_params(f"Invalid params: {name} must be an integer from 0 to {maximum}")
    return value


def as_list(value: Json, name: str, maximum: int) -> Sequence[Json]:
    """Returns `value` as a list of at most `maximum` items."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise invalid_params(f"Invalid params: {name} must be a list")
    if len(value) > maximum:
        raise invalid_params(f"Too many inputs provided; max {maximum}")
    return value


def as_pubkey(value: Json, name: str) -> Pubkey:
    """Returns `value` as a base58 address."""
    text = as_text(value, name)
    try:
        return Pubkey.from_string(text)
    except ValueError as error:
        raise invalid_params(f"Invalid param: {name}: {error}") from error


def as_signature(value: Json, name: str) -> Signature:
    """Returns `value` as a base58 signature."""
    text = as_text(value, name)
    try:
        return Signature.from_string(text)
    except ValueError as error:
        raise invalid_params(f"Invalid param: {name}: {error}") from error


def as_hash(value: Json, name: str) -> Hash:
    """Returns `value` as a base58 hash."""
    text = as_text(value, name)
    try:
        return Hash.from_string(text)
    except ParseHashError as error:
        raise invalid_params(f"Invalid param: {name}: {error}") from error


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
            raise invalid_params(f"Invalid params: {name} must be a boolean")
        return value

    def integer(self, name: str) -> int | None:
        """Returns an unsigned member."""
        value = self.get(name)
        return None if value is None else as_integer(value, name)

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Returns a member that is one of `choices`."""
        value = self.get(name)
        if value is None:
            return default
        text = as_text(value, name)
        if text not in choices:
            raise invalid_params(
                f"Invalid params: {name} `{text}` is not supported; use one of {', '.join(choices)}"
            )
        return text

    def section(self, name: str) -> "Config | None":
        """Returns a member that is an object itself."""
        value = self.get(name)
        return None if value is None else as_config(value, name)

    def commitment(self, default: Commitment = "finalized") -> Commitment:
        """Returns the commitment asked for."""
        value = self.get("commitment")
        if value is None:
            return default
        commitment = _COMMITMENTS.get(as_text(value, "commitment"))
        if commitment is None:
            raise invalid_params(
                f"Invalid params: unknown variant `{value}`, expected one of"
                " `processed`, `confirmed`, `finalized`"
            )
        return commitment

    def history_commitment(self) -> Commitment:
        """Returns the commitment asked for, where only confirmed history is served."""
        commitment = self.commitment()
        if commitment == "processed":
            raise invalid_params("Method does not support commitment below `confirmed`")
        return commitment


def as_config(value: Json, name: str) -> Config:
    """Returns `value` as a configuration object."""
    if value is None:
        return Config({})
    if not isinstance(value, Mapping):
        raise invalid_params(f"Invalid params: {name} must be an object")
    return Config(value)


class Params:
    """Positional parameters; those left out are null."""

    def __init__(self, values: Sequence[Json]) -> None:
        self._values = values

    def get(self, index: int) -> Json:
        """Returns the parameter as it came, None if absent."""
        return self._values[index] if 0 <= index < len(self._values) else None

    def text(self, index: int, name: str) -> str:
        """Returns a string parameter."""
        return as_text(self.get(index), name)

    def integer(self, index: int, name: str) -> int:
        """Returns an unsigned parameter."""
        return as_integer(self.get(index), name)

    def pubkey(self, index: int, name: str = "address") -> Pubkey:
        """Returns a base58 address."""
        return as_pubkey(self.get(index), name)

    def signature(self, index: int) -> Signature:
        """Returns a base58 signature."""
        return as_signature(self.get(index), "signature")

    def config(self, index: int) -> Config:
        """A configuration object; a bare string is the encoding, as older clients send it."""
        value = self.get(index)
        return Config({"encoding": value}) if isinstance(value, str) else as_config(value, "config")


def positional(params: Json, required: int, optional: int) -> Params:
    """Check `params` of a request against the number that a method takes."""
    if params is None:
        params = []
    if isinstance(params, Mapping):
        # The cluster takes no parameters by name; the faucet's method does, as one object.
        params = [cast(Json, params)]
    if isinstance(params, str) or not isinstance(params, Sequence):
        raise RpcError(INVALID_REQUEST, "Invalid request")
    if len(params) < required:
        raise invalid_params(f"`params` should have at least {required} argument(s)")
    if len(params) > required + optional:
        raise invalid_params(
            f"`params` should have at most {required + optional} argument(s), got {len(params)}"
        )
    return Params(params)
