"""Transaction errors in words, as the cluster's preflight puts them.

Source: `TransactionError` and `InstructionError` of solana-sdk, their `Display`.
"""

import re
from collections.abc import Mapping, Sequence

from ..ledger import Json

_TRANSACTION = {
    "AccountInUse": "Account in use",
    "AccountLoadedTwice": "Account loaded twice",
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "AddressLookupTableNotFound": "Transaction loads an address table account that doesn't exist",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "InvalidProgramForExecution": "This program may not be used for executing instructions",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "SignatureFailure": "Transaction did not pass signature verification",
    "TooManyAccountLocks": "Transaction locked too many accounts",
    "WouldExceedMaxBlockCostLimit": "Transaction would exceed max Block Cost Limit",
}

_INSTRUCTION = {
    "AccountAlreadyInitialized": "instruction requires an uninitialized account",
    "AccountDataTooSmall": "account data too small for instruction",
    "ComputationalBudgetExceeded": "Computational budget exceeded",
    "ExternalAccountLamportSpend": "instruction spent from the balance of an account"
    " it does not own",
    "ExternalAccountDataModified": "instruction modified data of an account it does not own",
    "GenericError": "generic instruction error",
    "IllegalOwner": "Provided owner is not allowed",
    "IncorrectProgramId": "incorrect program id for instruction",
    "InsufficientFunds": "insufficient funds for instruction",
    "InvalidAccountData": "invalid account data for instruction",
    "InvalidAccountOwner": "Invalid account owner",
    "InvalidArgument": "invalid program argument",
    "InvalidInstructionData": "invalid instruction data",
    "MissingAccount": "An account required by the instruction is missing",
    "MissingRequiredSignature": "missing required signature for instruction",
    "NotEnoughAccountKeys": "insufficient account keys for instruction",
    "PrivilegeEscalation": "Cross-program invocation with unauthorized signer or writable account",
    "ProgramFailedToComplete": "Program failed to complete",
    "ReadonlyDataModified": "instruction modified data of a read-only account",
    "ReadonlyLamportChange": "instruction changed the balance of a read-only account",
    "UnbalancedInstruction": "sum of account balances before and after instruction do not match",
    "UninitializedAccount": "instruction requires an initialized account",
    "UnsupportedProgramId": "Unsupported program id",
}


def _words(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).capitalize()


def _instruction(reason: Json) -> str:
    if isinstance(reason, Mapping):
        code = reason.get("Custom")
        if isinstance(code, int):
            return f"custom program error: {code:#x}"
        return _words(next(iter(reason)))
    return _INSTRUCTION.get(str(reason), _words(str(reason)))


def describe(err: Json) -> str:
    """Returns `err`, as the RPC encodes it, in words."""
    if isinstance(err, Mapping):
        name, detail = next(iter(err.items()))
        if name == "InstructionError" and isinstance(detail, Sequence):
            return f"Error processing Instruction {detail[0]}: {_instruction(detail[1])}"
        if name == "InsufficientFundsForRent" and isinstance(detail, Mapping):
            return (
                f"Transaction results in an account ({detail['account_index']})"
                " with insufficient funds for rent"
            )
        return _words(name)
    return _TRANSACTION.get(str(err), _words(str(err)))
