"""One request to the node: errors are sorted, transient ones tried again."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from solana.exceptions import SolanaRpcException
from solana.rpc.core import RPCException
from solders.errors import SerdeJSONError
from solders.rpc import errors as rpc

from keeper.chain.errors import (
    AccessRefusedError,
    ChainError,
    PermanentError,
    TransientError,
    transaction_failure,
)
from keeper.chain.gateway.backoff import Backoff

_LOG = logging.getLogger(__name__)
_TRANSIENT_RPC = (
    rpc.BlockNotAvailableMessage,
    rpc.BlockStatusNotAvailableYetMessage,
    rpc.InternalErrorMessage,
    rpc.MinContextSlotNotReachedMessage,
    rpc.NodeUnhealthyMessage,
)
# Not in the specification, but what public endpoints send when a caller is too fast.
_TRANSIENT_CODES = (429, -32429)
_RETRIED_STATUS = frozenset({408, 425, 429})

Answer = TypeVar("Answer")


async def requested(
    request: Callable[[], Awaitable[Answer]], *, what: str, backoff: Backoff
) -> Answer:
    """Returns the answer to `request`, tried again while the failure is transient.

    Raises TransientError once the backoff's attempts are spent, any other ChainError at once.
    """
    failure = TransientError(f"{what}: no attempt was allowed")
    async for attempt in backoff.tries():
        try:
            answer = await request()
            if not isinstance(answer, int):
                return answer
            # solders hands an error whose code it has no type for back as the bare code.
            raise RPCException(answer)
        except (SolanaRpcException, RPCException, SerdeJSONError, httpx.HTTPError) as error:
            sorted_error = _sorted(error, what)
            if not isinstance(sorted_error, TransientError):
                raise sorted_error from error
            failure = sorted_error
            failure.__cause__ = error
            _LOG.info("%s (attempt %d of %d)", failure, attempt + 1, backoff.attempts)
    raise failure


def _sorted(error: Exception, what: str) -> ChainError:
    if isinstance(error, RPCException):
        return _rpc_error(error.args[0] if error.args else error, what)
    cause = error.__cause__ if isinstance(error, SolanaRpcException) else error
    if isinstance(cause, httpx.HTTPStatusError):
        status = cause.response.status_code
        if status >= 500 or status in _RETRIED_STATUS:
            return TransientError(f"{what}: the node answered {status}")
        return AccessRefusedError(
            f"{what}: the node answered {status}; check the URL and its access"
        )
    if isinstance(error, SerdeJSONError):
        return TransientError(f"{what}: the node's answer is not valid JSON-RPC")
    told = f": {cause}" if str(cause) else ""
    return TransientError(f"{what}: no answer ({type(cause).__name__}{told})")


def _rpc_error(error: Any, what: str) -> ChainError:
    if isinstance(error, rpc.SendTransactionPreflightFailureMessage):
        if error.data.err is None:
            return TransientError(f"{what}: {error.message}")
        return transaction_failure(error.data.err, logs=error.data.logs or ())
    message = getattr(error, "message", f"JSON-RPC error {error}")
    if isinstance(error, _TRANSIENT_RPC) or error in _TRANSIENT_CODES:
        return TransientError(f"{what}: {message}")
    return PermanentError(f"{what}: {message}")
