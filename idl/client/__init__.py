"""The Python client for integrators: program ids, addresses, accounts, instructions, events,
errors.

Each program is a module of typed bindings (`from idl.client import staking`); this module holds
what all programs share. `idl/README.md` shows how to use it.
"""

from idl.client.addresses import (
    CPI_AUTHORITIES,
    DEPLOYER,
    PROGRAM_IDS,
    SLOT_HASHES,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_address,
    find_address,
    find_bump,
)
from idl.client.bindings import PROGRAMS, escrow, job_registry, redundancy, staking, verdict
from idl.client.coder import (
    Account,
    AccountDataError,
    ErrorCode,
    Event,
    ShortDataError,
    WrongDiscriminatorError,
    WrongOwnerError,
)
from idl.client.errors import ProgramError, program_error
from idl.client.events import events_from_logs
from idl.client.shards import SHARDS, shard_of
from idl.client.transactions import DESCRIPTORS_PER_TRANSACTION

__all__ = [
    "CPI_AUTHORITIES",
    "DEPLOYER",
    "DESCRIPTORS_PER_TRANSACTION",
    "PROGRAMS",
    "PROGRAM_IDS",
    "SHARDS",
    "SLOT_HASHES",
    "SYSTEM_PROGRAM",
    "TOKEN_PROGRAM",
    "Account",
    "AccountDataError",
    "ErrorCode",
    "Event",
    "ProgramError",
    "ShortDataError",
    "WrongDiscriminatorError",
    "WrongOwnerError",
    "associated_token_address",
    "escrow",
    "events_from_logs",
    "find_address",
    "find_bump",
    "job_registry",
    "program_error",
    "redundancy",
    "shard_of",
    "staking",
    "verdict",
]
