"""Filters over the accounts of a program."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from solders.account import Account

from ..ledger import Json
from ..spl_token import read_token_account
from .binary import DecodeError, from_base58, from_base64
from .errors import invalid_params
from .params import Config, as_choice, as_config, as_integer, as_single, as_text, wrong_type

_MAX_FILTERS = 4
_MAX_MEMCMP_BYTES = 128
_FILTERS = ("dataSize", "memcmp", "tokenAccountState")

AccountFilter: TypeAlias = Callable[[Account], bool]


def read_filters(config: Config) -> tuple[AccountFilter, ...]:
    """Returns the filters in `config`; an account has to pass all."""
    filters = config.get("filters")
    if filters is None:
        return ()
    if isinstance(filters, str) or not isinstance(filters, Sequence):
        raise wrong_type(filters, "a sequence")
    if len(filters) > _MAX_FILTERS:
        raise invalid_params(f"Too many filters provided; max {_MAX_FILTERS}")
    return tuple(_read_filter(one) for one in filters)


def _read_filter(one: Json) -> AccountFilter:
    if isinstance(one, str):
        as_choice(one, _FILTERS)
        return lambda account: read_token_account(account) is not None
    name, value = as_single(one, _FILTERS)
    if name == "tokenAccountState":
        return lambda account: read_token_account(account) is not None
    if name == "dataSize":
        size = as_integer(value)
        return lambda account: len(account.data) == size
    memcmp = as_config(value)
    offset = memcmp.required_integer("offset")
    expected = _memcmp_bytes(memcmp)
    return lambda account: account.data[offset : offset + len(expected)] == expected


def _memcmp_bytes(memcmp: Config) -> bytes:
    given = memcmp.get("bytes")
    if isinstance(given, Sequence) and not isinstance(given, str):
        expected = bytes(as_integer(byte, maximum=255, kind="u8") for byte in given)
    else:
        encoding = memcmp.choice("encoding", ("base58", "base64"), "base58")
        expected = _decoded(as_text(given), encoding)
    if len(expected) > _MAX_MEMCMP_BYTES:
        raise invalid_params("Invalid param: DataTooLarge")
    return expected


def _decoded(text: str, encoding: str) -> bytes:
    try:
        return from_base58(text) if encoding == "base58" else from_base64(text)
    except DecodeError as error:
        name = "Base58DecodeError" if encoding == "base58" else "Base64DecodeError"
        raise invalid_params(f"Invalid param: {name}({error})") from error
