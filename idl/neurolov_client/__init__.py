"""The Python client for integrators: program ids, addresses, accounts, instructions, events,
errors.

Each program is a module of typed bindings (`from neurolov_client import staking`), which is loaded
when it is first used. This module holds what all programs share. The README of the distribution
shows how to use it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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
from neurolov_client.coder import (
    DISCRIMINATOR_BYTES,
    Account,
    AccountDataError,
    ErrorCode,
    Event,
    InstructionData,
    ShortDataError,
    WrongDiscriminatorError,
    WrongOwnerError,
)
from neurolov_client.errors import ProgramError, program_error
from neurolov_client.events import events_from_logs
from neurolov_client.programs import PROGRAMS, ProgramBindings
from neurolov_client.transactions import DESCRIPTORS_PER_TRANSACTION

if TYPE_CHECKING:
    from neurolov_client import buying, commitments, results
    from neurolov_client.bindings import escrow, job_registry, redundancy, staking, verdict
    from neurolov_client.shards import SHARDS, shard_of
    from neurolov_client.workloads import Workload, url_field, url_of, workload
else:
    # These need the bindings of a program, so each is loaded when it is first used.
    _MODULES = {
        **{name: f"neurolov_client.bindings.{name}" for name in PROGRAMS},
        **{name: f"neurolov_client.{name}" for name in ("buying", "commitments", "results")},
    }
    _MEMBERS = {
        **dict.fromkeys(("SHARDS", "shard_of"), "neurolov_client.shards"),
        **dict.fromkeys(
            ("Workload", "url_field", "url_of", "workload"), "neurolov_client.workloads"
        ),
    }

    def __getattr__(name):
        if name in _MODULES:
            return import_module(_MODULES[name])
        if name in _MEMBERS:
            return getattr(import_module(_MEMBERS[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "CPI_AUTHORITIES",
    "DEPLOYER",
    "DESCRIPTORS_PER_TRANSACTION",
    "DISCRIMINATOR_BYTES",
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
    "InstructionData",
    "ProgramBindings",
    "ProgramError",
    "ShortDataError",
    "Workload",
    "WrongDiscriminatorError",
    "WrongOwnerError",
    "associated_token_address",
    "buying",
    "commitments",
    "escrow",
    "events_from_logs",
    "find_address",
    "find_bump",
    "job_registry",
    "program_error",
    "redundancy",
    "results",
    "shard_of",
    "staking",
    "url_field",
    "url_of",
    "verdict",
    "workload",
]
