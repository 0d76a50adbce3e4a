"""JSON-RPC 2.0 itself, over HTTP."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.rpc import Node, answer, call_method
from keeper.lab.localnet.rpc.cluster import METHODS

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


async def post(http: ClientSession, net: Localnet, body: str) -> Any:
    async with http.post(net.url, data=body, headers=JSON) as response:
        assert response.status == 200
        text = await response.text()
        return json.loads(text) if text else None


def error(code: int, message: str, request_id: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": request_id}


@pytest.mark.parametrize("request_id", [1, "a", None, 1.5])
async def test_result_comes_with_the_id_of_its_request(
    http: ClientSession, net: Localnet, request_id: Any
) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": request_id, "method": "getHealth"})
    assert await post(http, net, body) == {"jsonrpc": "2.0", "result": "ok", "id": request_id}


@pytest.mark.parametrize("body", ["", "{", "[1,", '{"jsonrpc": NaN}', "[" * 20_000, "\udcff"])
async def test_garbage_is_a_parse_error(http: ClientSession, net: Localnet, body: str) -> None:
    raw = body.encode("utf-8", "surrogateescape")
    async with http.post(net.url, data=raw, headers=JSON) as response:
        assert await response.json() == error(-32700, "Parse error")


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        ("1", None),
        ('"getHealth"', None),
        ("[]", None),
        ('{"id":1,"method":"getHealth"}', 1),
        ('{"jsonrpc":"1.0","id":1,"method":"getHealth"}', 1),
        ('{"jsonrpc":"2.0","id":1}', 1),
        ('{"jsonrpc":"2.0","id":1,"method":7}', 1),
        ('{"jsonrpc":"2.0","id":[1],"method":"getHealth"}', None),
        ('{"jsonrpc":"2.0","id":true,"method":"getHealth"}', None),
        ('{"jsonrpc":"2.0","id":1,"method":"getHealth","params":7}', 1),
    ],
)
async def test_what_is_no_request_is_invalid(
    http: ClientSession, net: Localnet, body: str, request_id: Any
) -> None:
    assert await post(http, net, body) == error(-32600, "Invalid request", request_id)


async def test_unknown_method(http: ClientSession, net: Localnet) -> None:
    body = '{"jsonrpc":"2.0","id":1,"method":"getMoney"}'
    assert await post(http, net, body) == error(-32601, "Method not found", 1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([], "`params` should have at least 1 argument(s)"),
        ([5], "Invalid params: invalid type: integer `5`, expected a string."),
        (["0OIl"], "Invalid param: Invalid"),
        (["1" * 31], "Invalid param: WrongSize"),
        (["1" * 32, 5], "Invalid params: invalid type: integer `5`, expected a map."),
        (
            ["1" * 32, {"minContextSlot": "5"}],
            'Invalid params: invalid type: string "5", expected u64.',
        ),
    ],
)
async def test_wrong_parameters(
    http: ClientSession, net: Localnet, params: list[Any], message: str
) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getBalance", "params": params})
    assert await post(http, net, body) == error(-32602, message, 1)


async def test_too_many_parameters(http: ClientSession, net: Localnet) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "getBalance", "params": ["1" * 32, {}, 3]}
    assert (await post(http, net, json.dumps(request)))["error"] == {
        "code": -32602,
        "message": "Invalid parameters: Expected from 1 to 2 parameters.",
        "data": '"Got: 3"',
    }


async def test_parameters_by_name(http: ClientSession, net: Localnet) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "getBalance", "params": {"address": "1" * 32}}
    answered = await post(http, net, json.dumps(request))
    assert answered == error(-32602, "`params` should be an array", 1)


async def test_batch_is_answered_in_order_without_its_notifications(
    http: ClientSession, net: Localnet
) -> None:
    body = json.dumps(
        [
            {"jsonrpc": "2.0", "id": 1, "method": "getHealth"},
            {"jsonrpc": "2.0", "method": "getHealth"},
            5,
            {"jsonrpc": "2.0", "id": 2, "method": "getMoney"},
        ]
    )
    assert await post(http, net, body) == [
        {"jsonrpc": "2.0", "result": "ok", "id": 1},
        error(-32600, "Invalid request"),
        error(-32601, "Method not found", 2),
    ]


@pytest.mark.parametrize(
    "body", ['{"jsonrpc":"2.0","method":"ping"}', '[{"jsonrpc":"2.0","method":"getHealth"}]']
)
async def test_notification_has_no_answer(http: ClientSession, net: Localnet, body: str) -> None:
    assert await post(http, net, body) is None


async def test_body_over_the_limit_is_refused(http: ClientSession, net: Localnet) -> None:
    body = " " * (50 * 1024 + 1)
    async with http.post(net.url, data=body, headers=JSON) as response:
        assert response.status == 413


async def test_body_that_is_not_json_by_its_type_is_refused(
    http: ClientSession, net: Localnet
) -> None:
    body = '{"jsonrpc":"2.0","id":1,"method":"getHealth"}'
    async with http.post(net.url, data=body, headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415


async def test_browsers_may_call(http: ClientSession, net: Localnet) -> None:
    async with http.options(net.url) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
    body = '{"jsonrpc":"2.0","id":1,"method":"getHealth"}'
    async with http.post(net.url, data=body, headers=JSON) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_health_page(http: ClientSession, net: Localnet) -> None:
    async with http.get(f"{net.url}/health") as response:
        assert (response.status, await response.text()) == (200, "ok")


def test_fault_of_ours_is_an_internal_error(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(method: str, params: Any) -> Any:
        raise ZeroDivisionError("secret")

    text = answer('{"jsonrpc":"2.0","id":1,"method":"getHealth"}', broken)
    assert text is not None
    assert json.loads(text) == error(-32603, "Internal error", 1)
    assert "secret" in caplog.text


def test_minimum_context_slot(node: Node, refused: Any) -> None:
    assert call_method(node, "getSlot", [{"minContextSlot": 1}]) == 1
    failure = refused("getSlot", {"minContextSlot": 2})
    assert failure.code == -32016
    assert failure.data == {"contextSlot": 1}
    assert METHODS["getSlot"].optional == 1
