"""A JSON-RPC client that returns every answer as it came, errors too."""

import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

SECONDS = 30.0
_REQUEST = 7


class Client:
    """Calls a node over HTTP, and its PubSub service over one WebSocket."""

    def __init__(self, url: str, ws_url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=SECONDS)
        self._ws: ClientConnection = connect(ws_url, open_timeout=SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ws.close()
        self._http.close()

    def answer(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        """Returns the response without its `jsonrpc` and `id`."""
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method}
        if params:
            request["params"] = params
        found: dict[str, Any] = self._http.post("/", json=request).json()
        return {name: found[name] for name in ("result", "error") if name in found}

    def result(self, method: str, *params: Any) -> Any:
        """Returns the result of a call that must succeed."""
        answer = self.answer(method, params)
        assert "error" not in answer, (method, params, answer)
        return answer["result"]

    def subscribed(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        """Returns the response to a subscription."""
        return self._conversed(method, params)

    def notified(
        self, method: str, params: Sequence[Any], cause: Callable[[], None]
    ) -> dict[str, Any]:
        """Returns the first notification of a subscription, after calling `cause`."""
        return next(iter(self.notifications(method, params, cause, lambda _: True)))

    def notifications(
        self,
        method: str,
        params: Sequence[Any],
        cause: Callable[[], None],
        enough: Callable[[list[dict[str, Any]]], bool],
    ) -> list[dict[str, Any]]:
        """Returns the notifications of a subscription until there are enough."""
        answer = self._conversed(method, params)
        if "error" in answer:
            return [answer]
        cause()
        name, found = method.replace("Subscribe", "Notification"), list[dict[str, Any]]()
        while not found or not enough(found):
            message = self._received()
            if message.get("method") == name:
                found.append({"method": name, "params": message["params"]})
        self._conversed(method.replace("Subscribe", "Unsubscribe"), [answer["result"]])
        return found

    def _conversed(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        self._ws.send(
            json.dumps({"jsonrpc": "2.0", "id": _REQUEST, "method": method, "params": params})
        )
        while True:
            found = self._received()
            if found.get("id") == _REQUEST:
                return {name: found[name] for name in ("result", "error") if name in found}

    def _received(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ws.recv(timeout=SECONDS))
        return found
