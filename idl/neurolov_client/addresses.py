"""Program ids, well-known accounts and derivation of program addresses."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from solders import sysvar
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.token import ID as TOKEN_PROGRAM
from solders.token.associated import get_associated_token_address

_RECORD: Final[Mapping[str, Any]] = json.loads(
    Path(__file__).parents[1].joinpath("addresses.json").read_text("utf-8")
)

PROGRAM_IDS: Final[Mapping[str, Pubkey]] = {
    name: Pubkey.from_string(entry["address"]) for name, entry in _RECORD["programs"].items()
}
CPI_AUTHORITIES: Final[Mapping[str, Pubkey]] = {
    name: Pubkey.from_string(entry["cpi"]) for name, entry in _RECORD["programs"].items()
}
DEPLOYER: Final = Pubkey.from_string(_RECORD["deployer"])
SLOT_HASHES: Final = sysvar.SLOT_HASHES


@lru_cache(maxsize=4096)
def find_address(seeds: tuple[bytes, ...], program: Pubkey) -> Pubkey:
    """Returns the canonical program address of the seeds."""
    return Pubkey.find_program_address(seeds, program)[0]


def find_bump(seeds: tuple[bytes, ...], program: Pubkey) -> int:
    """Returns the canonical bump of the seeds' program address."""
    return Pubkey.find_program_address(seeds, program)[1]


def associated_token_address(owner: Pubkey, mint: Pubkey) -> Pubkey:
    """Returns the default token account of `owner` in wallets, under the SPL Token program."""
    return get_associated_token_address(owner, mint, TOKEN_PROGRAM)


__all__ = [
    "CPI_AUTHORITIES",
    "DEPLOYER",
    "PROGRAM_IDS",
    "SLOT_HASHES",
    "SYSTEM_PROGRAM",
    "TOKEN_PROGRAM",
    "associated_token_address",
    "find_address",
    "find_bump",
]
