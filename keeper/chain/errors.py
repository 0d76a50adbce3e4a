"""What can go wrong between the keeper and a cluster."""

import re
from collections.abc import Sequence
from typing import Final

from solders.pubkey import Pubkey
from solders.transaction_status import TransactionErrorFieldless

import neurolov_client as client
from keeper.errors import BadInputError, KeeperError


class ChainError(KeeperError):
    """Root of what this room raises."""


class TransientError(ChainError):
    """May succeed when tried again: no answer, a busy or lagging node, an unreadable answer."""


class ExpiredError(TransientError):
    """The transaction's blockhash is too old; identical bytes can no longer land."""


class PermanentError(ChainError):
    """Fails again however often it is tried."""


class AlreadyProcessedError(PermanentError):
    """These very bytes have landed before."""


class ProgramError(PermanentError, client.ProgramError):
    """A program refused an instruction: name, code, program, message and logs."""


class AccessRefusedError(PermanentError):
    """The node answered with an HTTP status that refuses the caller or the URL."""


class InsufficientFundsError(PermanentError, BadInputError):
    """The payer lacks lamports or tokens."""


class UnfundedPayerError(InsufficientFundsError):
    """The payer lacks lamports: `missing` more, or None where the node does not say how many."""

    def __init__(self, reason: str, missing: int | None = None) -> None:
        super().__init__(f"{reason}: the payer lacks lamports for rents and fees; fund it")
        self.missing = missing


class WrongClusterError(ChainError):
    """The node serves another cluster than the one that is meant."""


class PinnedClusterError(WrongClusterError, BadInputError):
    """The node serves another cluster than the configured one."""


class ChainReplacedError(WrongClusterError):
    """The node serves another cluster than it did when the gateway was opened."""


class UnexpectedDataError(PermanentError):
    """The node answered with data that are not what was asked for."""


_UNFUNDED: Final = ("token", "InsufficientFunds")
_UNFUNDED_PAYER: Final = ("system", "ResultWithNegativeLamports")
_SHORTFALL: Final = re.compile(r"insufficient lamports (\d+), need (\d+)")
_UNFUNDED_TRANSACTION: Final = frozenset(
    {"AccountNotFound", "InsufficientFundsForFee", "InsufficientFundsForRent"}
)


def transaction_failure(
    error: object, *, logs: Sequence[str] = (), programs: Sequence[Pubkey] = ()
) -> ChainError:
    """Returns the error of a failed transaction, from what JSON-RPC or solders report."""
    refusal = client.program_error(error, logs=logs, programs=programs)
    if refusal is None:
        return _without_program(error)
    if (refusal.program, refusal.name) == _UNFUNDED_PAYER:
        return UnfundedPayerError(str(refusal), _missing(refusal.logs))
    if (refusal.program, refusal.name) == _UNFUNDED:
        return InsufficientFundsError(f"{refusal}; fund the account and try again")
    return ProgramError(
        name=refusal.name,
        code=refusal.code,
        program=refusal.program,
        message=refusal.message,
        logs=refusal.logs,
    )


def _without_program(error: object) -> ChainError:
    match error:
        case str(name):
            pass
        case {**pairs} if pairs:
            name = str(next(iter(pairs)))
        case TransactionErrorFieldless():
            name = str(error).rpartition(".")[2]
        case _:
            name = type(error).__name__.removeprefix("TransactionError")
    if name == "BlockhashNotFound":
        return ExpiredError("the cluster does not know the transaction's blockhash")
    if name == "AlreadyProcessed":
        return AlreadyProcessedError("the transaction has landed before")
    if name in _UNFUNDED_TRANSACTION:
        return UnfundedPayerError(name)
    return PermanentError(f"the cluster refused the transaction: {name}")


def _missing(logs: Sequence[str]) -> int | None:
    """Returns the lamports that the system program says are missing."""
    told = [found for line in logs if (found := _SHORTFALL.search(line))]
    return int(told[-1][2]) - int(told[-1][1]) if told else None
