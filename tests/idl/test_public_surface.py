"""What integrators may rely on: a name that leaves this list breaks them."""

import inspect

import neurolov_client as client
from neurolov_client import PROGRAMS, Account, ErrorCode, Event


def test_the_public_surface_is_this() -> None:
    assert sorted(client.__all__) == sorted(
        [
            "Account",
            "AccountDataError",
            "CPI_AUTHORITIES",
            "DEPLOYER",
            "DESCRIPTORS_PER_TRANSACTION",
            "DISCRIMINATOR_BYTES",
            "ErrorCode",
            "Event",
            "InstructionData",
            "PROGRAMS",
            "PROGRAM_IDS",
            "ProgramBindings",
            "ProgramError",
            "SHARDS",
            "SLOT_HASHES",
            "SYSTEM_PROGRAM",
            "ShortDataError",
            "TOKEN_PROGRAM",
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
    )


def test_everything_public_exists_and_is_documented() -> None:
    for name in client.__all__:
        member = getattr(client, name)
        if inspect.isclass(member) or inspect.isfunction(member) or inspect.ismodule(member):
            assert inspect.getdoc(member), name


def test_each_program_binds_accounts_events_and_errors() -> None:
    for name, module in PROGRAMS.items():
        assert client.PROGRAM_IDS[name] == module.ID
        assert module.ACCOUNTS, name
        assert all(issubclass(kind, Account) for kind in module.ACCOUNTS)
        assert all(issubclass(kind, Event) for kind in module.EVENTS)
        assert issubclass(module.Errors, ErrorCode)


def test_discriminators_and_error_codes_are_distinct() -> None:
    kinds: list[type[Account] | type[Event]] = []
    for module in PROGRAMS.values():
        kinds += (*module.ACCOUNTS, *module.EVENTS)
    tags = {(kind.PROGRAM, kind.DISCRIMINATOR) for kind in kinds}
    assert len(tags) == len(kinds)
    codes = [error.code for module in PROGRAMS.values() for error in module.Errors]
    assert len(set(codes)) == len(codes)
