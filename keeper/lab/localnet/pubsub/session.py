"""The subscriptions of one WebSocket."""

import json
from collections.abc import Callable, Iterator

from ..events import TransactionLanded
from ..ledger import Json
from ..rpc.dispatch import answer
from ..rpc.errors import METHOD_NOT_FOUND, RpcError, invalid_params
from ..rpc.node import Node
from ..rpc.params import Params, positional
from .topics import TOPICS, News, SignatureTopic, Topic

_MAX_SUBSCRIPTIONS = 1_000


class Session:
    """Answers subscribe and unsubscribe requests, and sends the notifications they bring."""

    def __init__(self, node: Node, send: Callable[[str], None], ids: Iterator[int]) -> None:
        self._node = node
        self._send = send
        self._ids = ids
        self._topics: dict[int, Topic] = {}
        self._due: list[tuple[int, TransactionLanded]] = []

    def receive(self, payload: str | bytes) -> None:
        """Handle one message of the client."""
        response = answer(payload, self._call)
        if response is not None:
            self._send(response)
        # A client learns a subscription's id from the response, which must come first.
        due, self._due = self._due, []
        for subscription, event in due:
            self._notify(subscription, event)

    def deliver(self, event: News, due: Callable[[Topic], bool]) -> None:
        """Send the notifications that topics chosen by `due` owe for `event`."""
        for subscription, topic in tuple(self._topics.items()):
            if due(topic):
                self._notify(subscription, event)

    def _call(self, method: str, params: Json) -> Json:
        if method.endswith("Unsubscribe"):
            return self._unsubscribe(method, positional(params, 1, 0))
        if method not in TOPICS:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        if len(self._topics) >= _MAX_SUBSCRIPTIONS:
            raise invalid_params(f"Too many subscriptions; max {_MAX_SUBSCRIPTIONS}")
        kind, required, optional = TOPICS[method]
        topic = kind.of(self._node, positional(params, required, optional))
        subscription = next(self._ids)
        self._topics[subscription] = topic
        if isinstance(topic, SignatureTopic):
            record = topic.landed(self._node)
            if record is not None:
                self._due.append((subscription, TransactionLanded(record)))
        return subscription

    def _unsubscribe(self, method: str, params: Params) -> Json:
        kind = TOPICS.get(method.removesuffix("Unsubscribe") + "Subscribe")
        if kind is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        subscription = params.integer(0)
        if not isinstance(self._topics.get(subscription), kind[0]):
            raise invalid_params("Invalid subscription id.")
        del self._topics[subscription]
        return True

    def _notify(self, subscription: int, event: News) -> None:
        topic = self._topics.get(subscription)
        if topic is None:
            return
        for result in topic.notifications(self._node, event):
            message: Json = {
                "jsonrpc": "2.0",
                "method": topic.method,
                "params": {"result": result, "subscription": subscription},
            }
            self._send(json.dumps(message, separators=(",", ":")))
            if isinstance(event, TransactionLanded) and isinstance(topic, SignatureTopic):
                self._topics.pop(subscription, None)
