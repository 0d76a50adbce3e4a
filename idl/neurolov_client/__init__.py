"""The Python client for integrators: program ids, addresses, accounts, instructions, events,
errors.

Each program is a module of typed bindings (`from neurolov_client import staking`). This module
holds what all programs share. `idl/README.md` shows how to use it.
"""

from neurolov_client.addresses import (
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
from neurolov_client.bindings import PROGRAMS, escrow, job_registry, redundancy, staking, verdict
from neurolov_client.coder import (
    Account,
    AccountDataError,
    ErrorCode,
    Event,
    ShortDataError,
    WrongDiscriminatorError,
    WrongOwnerError,
)
from neurolov_client.errors import ProgramError, program_error
from neurolov_client.events import events_from_logs
from neurolov_client.shards import SHARDS, shard_of
from neurolov_client.transactions import DESCRIPTORS_PER_TRANSACTION

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
