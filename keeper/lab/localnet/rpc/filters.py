"""Filters over the accounts of a program."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from solders.account import Account

from ..ledger import Json
from ..spl_token import read_token_account
from .encoding import decode_bytes
from .errors import invalid_params
from .params import Config, as_config, as_integer, as_text

_MAX_FILTERS = 4
_MAX_MEMCMP_BYTES = 128

AccountFilter: TypeAlias = Callable[[Account], bool]


def read_filters(config: Config) -> tuple[AccountFilter, ...]:
    """Returns the filters in `config`; an account has to pass all."""
    filters = config.get("filters")
    if filters is None:
        return ()
    if isinstance(filters, str) or not isinstance(filters, Sequence):
        raise invalid_params("Invalid params: filters must be a list")
    if len(filters) > _MAX_FILTERS:
        raise invalid_params(f"Too many filters provided; max {_MAX_FILTERS}")
    return tuple(_read_filter(one) for one in filters)


def _read_filter(one: Json) -> AccountFilter:
    if one == "tokenAccountState":
        return lambda account: read_token_account(account) is not None
    members = as_config(one, "filter")
    size = members.integer("dataSize")
    if size is not None:
        return lambda account: len(account.data) == size
    memcmp = members.section("memcmp")
    if memcmp is None:
        raise invalid_params("Invalid params: a filter is dataSize, memcmp or tokenAccountState")
    offset = as_integer(memcmp.get("offset"), "memcmp.offset")
    expected = _memcmp_bytes(memcmp)
    return lambda account: account.data[offset : offset + len(expected)] == expected


def _memcmp_bytes(memcmp: Config) -> bytes:
    given = memcmp.get("bytes")
    if isinstance(given, Sequence) and not isinstance(given, str):
        expected = bytes(as_integer(byte, "memcmp.bytes", 255) for byte in given)
    else:
        encoding = memcmp.choice("encoding", ("base58", "base64"), "base58")
        expected = decode_bytes(as_text(given, "memcmp.bytes"), encoding, "memcmp.bytes")
    if len(expected) > _MAX_MEMCMP_BYTES:
        raise invalid_params(f"memcmp.bytes is longer than {_MAX_MEMCMP_BYTES} bytes")
    return expected
