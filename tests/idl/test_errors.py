import pytest
from solders.pubkey import Pubkey
from solders.transaction_status import (
    InstructionErrorBorshIO,
    InstructionErrorCustom,
    InstructionErrorFieldless,
    TransactionErrorFieldless,
    TransactionErrorInstructionError,
)

from neurolov_client.addresses import PROGRAM_IDS, TOKEN_PROGRAM
from neurolov_client.errors import program_error
from neurolov_client.framework import FRAMEWORK_ERRORS, SYSTEM_ERRORS, TOKEN_ERRORS

STAKING = PROGRAM_IDS["staking"]
VERDICT = PROGRAM_IDS["verdict"]


def custom(code: int, index: int = 0) -> TransactionErrorInstructionError:
    return TransactionErrorInstructionError(index, InstructionErrorCustom(code))


def test_the_innermost_program_of_a_chain_of_calls_is_the_one_that_refused() -> None:
    logs = [
        f"Program {VERDICT} invoke [1]",
        f"Program {TOKEN_PROGRAM} invoke [2]",
        "Program log: Error: insufficient funds",
        f"Program {TOKEN_PROGRAM} failed: custom program error: 0x1",
        f"Program {VERDICT} failed: custom program error: 0x1",
    ]
    error = program_error(custom(1), logs=logs, programs=[VERDICT])
    assert error is not None
    assert (error.program, error.name, error.code) == ("token", "InsufficientFunds", 1)
    assert error.logs == tuple(logs)


def test_anchors_own_errors_have_their_names_and_messages() -> None:
    logs = [
        f"Program {STAKING} invoke [1]",
        "Program log: AnchorError caused by account: position. Error Code: ConstraintSeeds. "
        "Error Number: 2006. Error Message: A seeds constraint was violated.",
        f"Program {STAKING} failed: custom program error: 0x7d6",
    ]
    error = program_error(custom(2006), logs=logs)
    assert error is not None
    assert str(error) == "staking: ConstraintSeeds (2006): A seeds constraint was violated"


def test_cut_logs_fall_back_to_the_instructions_program() -> None:
    error = program_error(
        custom(2006, index=1), logs=["Log truncated"], programs=[VERDICT, STAKING]
    )
    assert error is not None
    assert (error.program, error.name) == ("staking", "ConstraintSeeds")


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        (InstructionErrorFieldless.MissingRequiredSignature, "MissingRequiredSignature"),
        (InstructionErrorBorshIO("x"), "BorshIO"),
    ],
)
def test_the_runtimes_errors_have_no_code(cause: object, name: str) -> None:
    error = program_error(
        TransactionErrorInstructionError(0, cause),  # type: ignore[arg-type]
        programs=[STAKING],
    )
    assert error is not None
    assert (error.program, error.name, error.code) == ("staking", name, None)


@pytest.mark.parametrize(
    ("error", "name", "code"),
    [
        ({"InstructionError": [0, {"Custom": 2006}]}, "ConstraintSeeds", 2006),
        ({"InstructionError": [0, "PrivilegeEscalation"]}, "PrivilegeEscalation", None),
        ({"InstructionError": [0, {"BorshIoError": "x"}]}, "BorshIoError", None),
    ],
)
def test_json_errors_are_read_alike(error: object, name: str, code: int | None) -> None:
    found = program_error(error, programs=[STAKING])
    assert found is not None
    assert (found.program, found.name, found.code) == ("staking", name, code)


def test_an_unknown_program_is_named_by_its_address() -> None:
    stranger = Pubkey(bytes([9] * 32))
    error = program_error(
        custom(77), logs=[f"Program {stranger} failed: custom program error: 0x4d"]
    )
    assert error is not None
    assert (error.program, error.name) == (str(stranger), "Custom77")


def test_a_transaction_that_reached_no_program_has_no_program_error() -> None:
    assert program_error(TransactionErrorFieldless.BlockhashNotFound) is None
    assert program_error("AccountNotFound") is None
    assert program_error(None) is None


def test_the_tables_agree_with_their_sources() -> None:
    assert FRAMEWORK_ERRORS[2023] == "ConstraintAssociatedTokenTokenProgram"
    assert FRAMEWORK_ERRORS[3017] == "AccountDuplicateReallocs"
    assert FRAMEWORK_ERRORS[3012] == "AccountNotInitialized"
    assert TOKEN_ERRORS[19] == "NonNativeNotSupported"
    assert SYSTEM_ERRORS[8] == "NonceUnexpectedBlockhashValue"
