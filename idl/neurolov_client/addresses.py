"""Program ids, well-known accounts and derivation of program addresses."""

from functools import lru_cache
from typing import Final

from solders import sysvar
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.token import ID as TOKEN_PROGRAM
from solders.token.associated import get_associated_token_address

from neurolov_client.bindings.deployed import CPI_AUTHORITIES, DEPLOYER, PROGRAM_IDS

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
