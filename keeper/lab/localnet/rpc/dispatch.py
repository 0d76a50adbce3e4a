"""JSON-RPC 2.0: requests, batches and notifications in, responses out."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Never, TypeAlias

from ..ledger import Json
from . import accounts, clock, cluster, economy, faucet, history, leaders, submission, tokens
from .errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    MIN_CONTEXT_SLOT_NOT_REACHED,
    PARSE_ERROR,
    RpcError,
)
from .method import Method
from .node import Node
from .params import Config, positional

_log = logging.getLogger(__name__)

_METHODS: dict[str, Method] = {
    **accounts.METHODS,
    **clock.METHODS,
    **cluster.METHODS,
    **economy.METHODS,
    **faucet.METHODS,
    **history.METHODS,
    **leaders.METHODS,
    **submission.METHODS,
    **tokens.METHODS,
}

Call: TypeAlias = Callable[[str, Json], Json]


def call_method(node: Node, name: str, params: Json) -> Json:
    """Returns the result of method `name`. Raises RpcError."""
    method = _METHODS.get(name)
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, "Method not found")
    checked = positional(params, method.required, method.optional, named=method.named)
    _require_context_slot(node, checked.get(method.required + method.optional - 1))
    return method.handler(node, checked)


def _require_context_slot(node: Node, last: Json) -> None:
    """Refuse a call whose configuration, always the last parameter, asks for a later slot."""
    if not isinstance(last, Mapping):
        return
    config = Config(last)
    minimum = config.integer("minContextSlot")
    if minimum is None:
        return
    preflight = last.get("preflightCommitment") is not None
    slot = node.slot_at(config.commitment("preflightCommitment" if preflight else "commitment"))
    if minimum > slot:
        raise RpcError(
            MIN_CONTEXT_SLOT_NOT_REACHED,
            "Minimum context slot has not been reached",
            {"contextSlot": slot},
        )


def answer(payload: str | bytes, call: Call) -> str | None:
    """Returns the response to one request or batch; None if nothing but notifications came."""
    try:
        request: Json = json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _dump(_failure(None, RpcError(PARSE_ERROR, "Parse error")))
    if isinstance(request, list):
        if not request:
            return _dump(_failure(None, RpcError(INVALID_REQUEST, "Invalid request")))
        responses = [response for one in request if (response := _answer_one(one, call))]
        return _dump(responses) if responses else None
    response = _answer_one(request, call)
    return None if response is None else _dump(response)


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _dump(response: Json) -> str:
    return json.dumps(response, separators=(",", ":"))


def _failure(request_id: Json, error: RpcError) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "error": error.encode(), "id": request_id}


def _answer_one(request: Json, call: Call) -> dict[str, Json] | None:
    if not isinstance(request, Mapping):
        return _failure(None, RpcError(INVALID_REQUEST, "Invalid request"))
    request_id = request.get("id")
    name = request.get("method")
    if isinstance(request_id, bool) or not isinstance(request_id, str | int | float | None):
        return _failure(None, RpcError(INVALID_REQUEST, "Invalid request"))
    if request.get("jsonrpc") != "2.0" or not isinstance(name, str):
        return _failure(request_id, RpcError(INVALID_REQUEST, "Invalid request"))
    try:
        result = call(name, request.get("params"))
        response: dict[str, Json] = {"jsonrpc": "2.0", "result": result, "id": request_id}
    except RpcError as error:
        response = _failure(request_id, error)
    except Exception:
        # A fault of ours must reach the caller as an answer, and the log with its traceback.
        _log.exception("method %s failed", name)
        response = _failure(request_id, RpcError(INTERNAL_ERROR, "Internal error"))
    return response if "id" in request else None
