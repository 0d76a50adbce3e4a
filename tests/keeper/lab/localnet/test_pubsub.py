import json
from collections.abc import Iterator
from typing import Any

import pytest
from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer

from keeper.lab.localnet import Bank, TransactionRecord
from keeper.lab.localnet.pubsub import Hub, Session
from keeper.lab.localnet.rpc import Node

from .conftest import SOL, keypair

RECEIVER = keypair(9).pubkey()
PROGRAM = keypair(8).pubkey()


class Client:
    """A session together with what was sent to it."""

    def __init__(self, hub: Hub) -> None:
        self.inbox: list[dict[str, Any]] = []
        self.session: Session = hub.open_session(lambda text: self.inbox.append(json.loads(text)))

    def request(self, method: str, *params: Any) -> dict[str, Any]:
        """Send a request; its response, which must be the first message after it."""
        before = len(self.inbox)
        self.session.receive(
            json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)})
        )
        response = self.inbox.pop(before)
        assert response["id"] == 7
        return response

    def subscribe(self, method: str, *params: Any) -> int:
        subscription = self.request(method, *params)["result"]
        assert isinstance(subscription, int)
        return subscription

    def take(self) -> list[tuple[str, int, Any]]:
        """Notifications so far: method, subscription, result."""
        taken = [
            (one["method"], one["params"]["subscription"], one["params"]["result"])
            for one in self.inbox
        ]
        self.inbox.clear()
        return taken

    def values(self) -> list[Any]:
        """Values of the notifications so far."""
        return [result["value"] for _, _, result in self.take()]


@pytest.fixture
def hub(node: Node) -> Iterator[Hub]:
    hub = Hub(node)
    yield hub
    hub.close()


@pytest.fixture
def client(hub: Hub) -> Client:
    return Client(hub)


def pay(bank: Bank, payer: Keypair, lamports: int, to: Pubkey = RECEIVER) -> TransactionRecord:
    instruction = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports)
    )
    return bank.execute([instruction], [payer])


def test_slots(bank: Bank, client: Client) -> None:
    subscription = client.subscribe("slotSubscribe")
    bank.advance(2)
    assert client.take() == [
        ("slotNotification", subscription, {"slot": 2, "parent": 1, "root": 2}),
        ("slotNotification", subscription, {"slot": 3, "parent": 2, "root": 3}),
    ]
    assert client.request("slotUnsubscribe", subscription)["result"] is True
    bank.advance()
    assert client.take() == []


def test_roots_follow_by_the_lag(bank: Bank) -> None:
    hub = Hub(Node(bank, finality_lag=2))
    client = Client(hub)
    subscription = client.subscribe("rootSubscribe")
    bank.advance(3)
    assert client.take() == [("rootNotification", subscription, root) for root in (0, 1, 2)]


def test_account_changes_and_closes(bank: Bank, payer: Keypair, client: Client) -> None:
    subscription = client.subscribe("accountSubscribe", str(RECEIVER), {"encoding": "base64"})
    pay(bank, payer, SOL)
    ((method, number, result),) = client.take()
    assert (method, number) == ("accountNotification", subscription)
    assert result["context"]["slot"] == 1
    assert result["value"]["lamports"] == SOL
    bank.set_account(RECEIVER, Account(0, b"", SYSTEM_PROGRAM))
    (closed,) = client.values()
    assert (closed["lamports"], closed["data"], closed["owner"]) == (0, ["", "base64"], "1" * 32)
    pay(bank, payer, 100 * SOL)
    assert client.take() == []


def test_program_accounts_that_pass_the_filters(bank: Bank, client: Client) -> None:
    client.subscribe(
        "programSubscribe",
        str(PROGRAM),
        {"encoding": "base64", "filters": [{"memcmp": {"offset": 0, "bytes": "2"}}]},
    )
    bank.set_account(RECEIVER, Account(SOL, b"\1x", PROGRAM))
    bank.set_account(RECEIVER, Account(SOL, b"\2x", PROGRAM))
    bank.set_account(RECEIVER, Account(SOL, b"\1x", SYSTEM_PROGRAM))
    (value,) = client.values()
    assert value["pubkey"] == str(RECEIVER)
    assert value["account"]["data"] == ["AXg=", "base64"]


def test_logs_of_all_and_of_mentions(bank: Bank, payer: Keypair, client: Client) -> None:
    everything = client.subscribe("logsSubscribe", "all")
    mentions = client.subscribe("logsSubscribe", {"mentions": [str(RECEIVER)]})
    first = pay(bank, payer, SOL)
    second = pay(bank, payer, SOL, keypair(10).pubkey())
    taken = client.take()
    assert [(number, result["value"]["signature"]) for _, number, result in taken] == [
        (everything, str(first.signature)),
        (mentions, str(first.signature)),
        (everything, str(second.signature)),
    ]
    assert taken[0][2]["value"]["logs"] == list(first.logs)


def test_logs_of_a_failed_transaction_carry_its_error(
    bank: Bank, payer: Keypair, client: Client
) -> None:
    client.subscribe("logsSubscribe", "allWithVotes", {"commitment": "processed"})
    record = pay(bank, payer, 100 * SOL)
    assert client.values() == [
        {
            "signature": str(record.signature),
            "err": {"InstructionError": [0, {"Custom": 1}]},
            "logs": list(record.logs),
        }
    ]


def test_dropped_transaction_is_not_told(bank: Bank, payer: Keypair, client: Client) -> None:
    record = pay(bank, payer, SOL)
    client.subscribe("logsSubscribe", "all")
    client.subscribe("accountSubscribe", str(payer.pubkey()))
    assert not bank.send(record.transaction).landed
    assert client.take() == []


def test_signature_is_told_once(bank: Bank, payer: Keypair, hub: Hub) -> None:
    watcher, early = Client(hub), Client(hub)
    record = pay(bank, payer, SOL)
    subscription = watcher.subscribe(
        "signatureSubscribe", str(record.signature), {"enableReceivedNotification": True}
    )
    ((method, number, result),) = watcher.take()
    assert (method, number) == ("signatureNotification", subscription)
    assert (result["context"]["slot"], result["value"]) == (1, {"err": None})
    gone = watcher.request("signatureUnsubscribe", subscription)
    assert gone["error"] == {"code": -32602, "message": "Invalid subscription id."}

    failing = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=RECEIVER, lamports=100 * SOL)
    )
    simulated = Bank()
    simulated.airdrop(payer.pubkey(), 10 * SOL)
    expected = simulated.execute([failing], [payer]).signature
    early.subscribe("signatureSubscribe", str(expected))
    assert early.take() == []
    assert bank.execute([failing], [payer]).signature == expected
    bank.advance()
    assert early.values() == [{"err": {"InstructionError": [0, {"Custom": 1}]}}]


@pytest.mark.parametrize("asked", [True, False])
def test_coming_transaction_is_told_before_its_outcome(
    bank: Bank, payer: Keypair, asked: bool
) -> None:
    client = Client(Hub(Node(bank, confirmation_lag=1, finality_lag=1)))
    twin = Bank()
    twin.airdrop(payer.pubkey(), 10 * SOL)
    expected = pay(twin, payer, SOL).signature
    config = {"commitment": "confirmed", "enableReceivedNotification": asked}
    client.subscribe("signatureSubscribe", str(expected), config)
    assert pay(bank, payer, SOL).signature == expected
    assert client.values() == (["receivedSignature"] if asked else [])
    bank.advance()
    assert client.values() == [{"err": None}]


def test_finalized_notifications_wait_for_the_lag(bank: Bank, payer: Keypair) -> None:
    client = Client(Hub(Node(bank, finality_lag=3)))
    config = {"commitment": "confirmed"}
    soon = client.subscribe("logsSubscribe", "all", config)
    late = client.subscribe("logsSubscribe", "all")
    client.subscribe("accountSubscribe", str(RECEIVER), {"encoding": "base64"})
    record = pay(bank, payer, SOL)
    client.subscribe("signatureSubscribe", str(record.signature))
    assert [number for _, number, _ in client.take()] == [soon]
    bank.advance(2)
    assert client.take() == []
    bank.advance()
    taken = client.take()
    assert [method for method, _, _ in taken] == [
        "accountNotification",
        "logsNotification",
        "signatureNotification",
    ]
    assert taken[1][1] == late
    assert {result["context"]["slot"] for _, _, result in taken} == {1}


def test_sessions_are_apart(bank: Bank, payer: Keypair, hub: Hub) -> None:
    one, other = Client(hub), Client(hub)
    mine = one.subscribe("logsSubscribe", "all")
    assert other.subscribe("slotSubscribe") != mine
    assert other.request("logsUnsubscribe", mine)["error"]["code"] == -32602
    pay(bank, payer, SOL)
    assert len(one.take()) == 1
    assert other.take() == []
    hub.close_session(one.session)
    bank.advance()
    pay(bank, payer, SOL)
    assert one.take() == []


def test_closed_hub_hears_nothing(bank: Bank) -> None:
    hub = Hub(Node(bank))
    client = Client(hub)
    client.subscribe("slotSubscribe")
    hub.close()
    bank.advance()
    assert client.take() == []


@pytest.mark.parametrize(
    ("method", "params", "failure"),
    [
        ("voteSubscribe", [], (-32601, "Method not found")),
        ("getHealth", [], (-32601, "Method not found")),
        ("blockUnsubscribe", [1], (-32601, "Method not found")),
        ("slotUnsubscribe", [99], (-32602, "Invalid subscription id.")),
        ("slotUnsubscribe", [], (-32602, "`params` should have at least 1 argument(s)")),
        ("slotSubscribe", [1], (-32602, "Invalid parameters: No parameters were expected")),
        ("accountSubscribe", ["x"], (-32602, "Invalid Request: Invalid pubkey provided")),
        ("logsSubscribe", ["some"], (-32602, "Invalid params: use all, allWithVotes or mentions")),
        (
            "logsSubscribe",
            [{"mentions": [str(RECEIVER), str(PROGRAM)]}],
            (-32602, "Invalid Request: Only 1 address supported"),
        ),
        (
            "programSubscribe",
            [str(PROGRAM), {"filters": [{}]}],
            (
                -32602,
                "Invalid params: invalid value: map, expected map with a single key.",
            ),
        ),
        (
            "signatureSubscribe",
            [str(Signature.default())[:20]],
            (-32602, "Invalid Request: Invalid signature provided"),
        ),
    ],
)
def test_wrong_subscriptions(
    bank: Bank, client: Client, method: str, params: list[Any], failure: tuple[int, str]
) -> None:
    error = client.request(method, *params)["error"]
    assert (error["code"], error["message"]) == failure
    bank.advance()
    assert client.take() == []


def test_subscriptions_are_limited(client: Client) -> None:
    for _ in range(1_000):
        client.subscribe("slotSubscribe")
    failure = client.request("slotSubscribe")["error"]
    assert failure == {"code": -32602, "message": "Too many subscriptions; max 1000"}


def test_garbage_and_notifications(client: Client) -> None:
    client.session.receive("{")
    client.session.receive('{"jsonrpc":"2.0","method":"ping"}')
    assert [one["error"]["code"] for one in client.inbox] == [-32700]
