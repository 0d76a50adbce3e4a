"""Program errors by name, from a cluster's report of a failed transaction."""

import re
from collections.abc import Sequence
from typing import Final

from solders.pubkey import Pubkey
from solders.transaction_status import (
    InstructionErrorCustom,
    InstructionErrorFieldless,
    TransactionErrorInstructionError,
)

from neurolov_client.addresses import PROGRAM_IDS, SYSTEM_PROGRAM, TOKEN_PROGRAM
from neurolov_client.framework import FRAMEWORK_ERRORS, SYSTEM_ERRORS, TOKEN_ERRORS
from neurolov_client.programs import PROGRAMS

_FAILURE = re.compile(r"^Program (\w+) failed: (.+)$")
_ANCHOR_MESSAGE = re.compile(r"Error Number: (\d+)\. Error Message: (.+?)\.?$")

_NAMES: Final = {
    **{address: name for name, address in PROGRAM_IDS.items()},
    TOKEN_PROGRAM: "token",
    SYSTEM_PROGRAM: "system",
}


class ProgramError(Exception):
    """A program refused an instruction.

    `name` is the error's name in the IDL, in Anchor, or in the token or system program, or else the
    runtime's own (`MissingRequiredSignature`). `code` is None for the runtime's errors. `program`
    is the name of the program that refused, or its address where the name is unknown.
    """

    def __init__(
        self, *, name: str, code: int | None, program: str, message: str, logs: Sequence[str] = ()
    ) -> None:
        super().__init__(name, code, program, message)
        self.name = name
        self.code = code
        self.program = program
        self.message = message
        self.logs = tuple(logs)

    def __str__(self) -> str:
        number = "" if self.code is None else f" ({self.code})"
        return f"{self.program}: {self.name}{number}: {self.message}"


def _known(program: str, code: int) -> tuple[str, str] | None:
    if program in PROGRAMS:
        for error in PROGRAMS[program].Errors:
            if error.code == code:
                return error.name, error.message
    if program in PROGRAM_IDS and code in FRAMEWORK_ERRORS:
        return FRAMEWORK_ERRORS[code], "a constraint of Anchor was violated"
    table = {"token": TOKEN_ERRORS, "system": SYSTEM_ERRORS}.get(program, ())
    return (table[code], f"the {program} program refused") if code < len(table) else None


def _failed_program(logs: Sequence[str]) -> str | None:
    """Returns the program that failed first: the innermost of a chain of calls."""
    for line in logs:
        if match := _FAILURE.match(line):
            return match.group(1)
    return None


def _instruction_failure(error: object) -> tuple[int, int | str] | None:
    """Returns the index of the failed instruction, and its custom number or runtime reason."""
    match error:
        case TransactionErrorInstructionError():
            return error.index, _parsed_reason(error.err)
        case {"InstructionError": [int(index), {"Custom": int(code)}]}:
            return index, code
        case {"InstructionError": [int(index), str(reason)]}:
            return index, reason
        case {"InstructionError": [int(index), dict(reason)]}:
            return index, next(iter(reason), "GenericError")
    return None


def _parsed_reason(cause: object) -> int | str:
    if isinstance(cause, InstructionErrorCustom):
        return cause.code
    if isinstance(cause, InstructionErrorFieldless):
        return str(cause).rpartition(".")[2]
    return type(cause).__name__.removeprefix("InstructionError")


def program_error(
    error: object, *, logs: Sequence[str] = (), programs: Sequence[Pubkey] = ()
) -> ProgramError | None:
    """Returns the program error behind a failed transaction, or None where no instruction failed.

    `error` is the transaction's error as JSON-RPC writes it or as solders parsed it. `logs` are the
    transaction's log lines. `programs` holds the program of each instruction, for logs that are cut
    before the failure.
    """
    failure = _instruction_failure(error)
    if failure is None:
        return None
    index, reason = failure
    failed = _failed_program(logs)
    if failed is None and index < len(programs):
        failed = str(programs[index])
    program = "unknown" if failed is None else _NAMES.get(Pubkey.from_string(failed), failed)
    if isinstance(reason, str):
        return ProgramError(
            name=reason, code=None, program=program, message="the runtime refused", logs=logs
        )
    name, message = _known(program, reason) or (f"Custom{reason}", "no IDL names it")
    for line in logs:
        match = _ANCHOR_MESSAGE.search(line)
        if match and int(match.group(1)) == reason:
            message = match.group(2)
    return ProgramError(name=name, code=reason, program=program, message=message, logs=logs)
