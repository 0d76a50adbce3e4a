"""Attack 26 (429, reset, garbage: bounded backoff) and 25 (wrong genesis)."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest
from aiohttp import web
from solders.hash import Hash
from solders.pubkey import Pubkey

from keeper.chain.errors import (
    ChainError,
    ChainReplacedError,
    PermanentError,
    TransientError,
    WrongClusterError,
)
from keeper.chain.gateway import Backoff, Gateway
from keeper.chain.gateway.connection import websocket_url_of
from keeper.errors import BadInputError
from keeper.lab.localnet.server import Localnet
from tests.keeper.chain.gateway.faulty import (
    FaultyNode,
    Forward,
    Step,
    body,
    dropped,
    faulty_node,
    status,
)

Result = TypeVar("Result")
ALICE = Pubkey(bytes([1] * 32))


async def passed(forward: Forward) -> web.Response:
    return await forward()


async def at_once(_seconds: float) -> None:
    return None


def backoff(attempts: int = 4) -> Backoff:
    return Backoff(attempts=attempts, randomness=random.Random(0), sleep=at_once)


def against(
    script: Sequence[Step], act: Callable[[Gateway, FaultyNode], Awaitable[Result]]
) -> Result:
    """Run `act` on a gateway whose requests after the handshake meet `script`."""

    async def run() -> Result:
        async with (
            Localnet(port=0, ticking=False, seed=bytes(32)) as net,
            faulty_node(net.url, [("*", passed), *(("*", step) for step in script)]) as node,
            Gateway(node.url, backoff=backoff()) as gateway,
        ):
            return await act(gateway, node)

    return asyncio.run(run())


async def slot(gateway: Gateway, node: FaultyNode) -> tuple[int, int]:
    return await gateway.slot(), len(node.methods) - 1


@pytest.mark.parametrize(
    "fault",
    [
        status(429),
        status(503),
        status(408),
        body("<html>busy</html>"),
        body("{}"),
        body('{"jsonrpc":"2.0","id":0,"result":"eleven"}'),
        body('{"jsonrpc":"2.0","id":0,"error":{"code":429,"message":"slow down"}}'),
        body(
            '{"jsonrpc":"2.0","id":0,"error":'
            '{"code":-32005,"message":"Node is behind","data":{"numSlotsBehind":42}}}'
        ),
    ],
)
def test_a_transient_fault_is_tried_again(fault: Step) -> None:
    found, requests = against([fault, fault], slot)
    assert found >= 0
    assert requests == 3


def test_after_a_lost_connection_the_genesis_hash_is_compared_first() -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> list[str]:
        await gateway.slot()
        await gateway.slot()
        return node.methods[1:]

    methods = against([dropped, dropped], act)
    assert methods == ["getSlot", "getGenesisHash", "getGenesisHash", "getSlot", "getSlot"]


def test_another_chain_behind_the_url_is_not_believed() -> None:
    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False, seed=bytes(32)) as old,
            Localnet(port=0, ticking=False, seed=bytes([1] * 32)) as new,
            faulty_node(old.url) as node,
            Gateway(node.url, websocket_url=old.ws_url, backoff=backoff()) as gateway,
        ):
            known, found = old.bank.genesis_hash, new.bank.genesis_hash
            assert gateway.genesis_hash == known
            node.script, node.upstream = [("*", dropped)], new.url
            message = f"is another chain now: its genesis hash is {found}, it was {known}"
            for _ in range(2):
                with pytest.raises(ChainReplacedError, match=message):
                    await gateway.slot()
                with pytest.raises(ChainReplacedError, match=message):
                    await anext(gateway.logs(ALICE))
            node.upstream = old.url
            assert await gateway.slot() == old.bank.slot

    asyncio.run(run())


def test_a_lost_subscription_raises_doubt_too() -> None:
    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False, seed=bytes([1] * 32)) as new,
            faulty_node(new.url) as node,
        ):
            async with Localnet(port=0, ticking=False, seed=bytes(32)) as old:
                node.upstream = old.url
                gateway = Gateway(node.url, websocket_url=old.ws_url, backoff=backoff())
                await gateway.__aenter__()
            node.upstream = new.url
            with pytest.raises(TransientError, match="lost ws"):
                await anext(gateway.logs(ALICE))
            with pytest.raises(ChainReplacedError, match="is another chain now"):
                await gateway.slot()
            await gateway.__aexit__(None, None, None)

    asyncio.run(run())


@pytest.mark.parametrize("fault", [status(429), body("garbage")])
def test_tries_are_bounded(fault: Step) -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> int:
        with pytest.raises(TransientError, match=r"slot from http"):
            await gateway.slot()
        return len(node.methods) - 1

    assert against([fault] * 10, act) == 4


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (status(403), "answered 403; check the URL"),
        (body('{"jsonrpc":"2.0","id":0,"error":{"code":-32602,"message":"bad"}}'), "bad"),
        (body('{"jsonrpc":"2.0","id":0,"error":{"code":-1,"message":"x"}}'), "JSON-RPC error -1"),
    ],
)
def test_a_permanent_fault_is_not_tried_again(fault: Step, message: str) -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> int:
        with pytest.raises(PermanentError, match=message):
            await gateway.slot()
        return len(node.methods) - 1

    assert against([fault] * 2, act) == 1


def test_a_node_of_another_cluster_is_refused() -> None:
    async def run() -> None:
        async with Localnet(port=0, ticking=False, seed=bytes(32)) as net:
            with pytest.raises(WrongClusterError, match="configured is 1111"):
                async with Gateway(net.url, genesis_hash=Hash.default(), backoff=backoff()):
                    pytest.fail("entered")
            async with Gateway(net.url, genesis_hash=net.bank.genesis_hash) as gateway:
                assert await gateway.check_cluster() == net.bank.genesis_hash

    asyncio.run(run())


def test_a_closed_port_is_a_transient_error() -> None:
    async def run() -> None:
        async with Localnet(port=0, ticking=False) as net:
            url = net.url
        with pytest.raises(TransientError, match="genesis hash"):
            async with Gateway(url, backoff=backoff(2)):
                pytest.fail("entered")

    asyncio.run(run())


def test_a_short_answer_is_refused() -> None:
    answer = '{"jsonrpc":"2.0","id":0,"result":{"context":{"slot":1},"value":[]}}'

    async def act(gateway: Gateway, node: FaultyNode) -> None:
        with pytest.raises(ChainError, match="asked for 1 accounts, got 0"):
            await gateway.accounts([ALICE])

    against([body(answer)], act)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8899", "ws://127.0.0.1:8900"),
        ("https://api.devnet.solana.com", "wss://api.devnet.solana.com"),
        ("https://rpc.example/key", "wss://rpc.example/key"),
        ("http://localhost:1/x", "ws://localhost:2/x"),
    ],
)
def test_the_websocket_url_follows_from_the_rpc_url(url: str, expected: str) -> None:
    assert websocket_url_of(url) == expected


@pytest.mark.parametrize("url", ["localhost:8899", "ftp://x", ""])
def test_a_url_that_is_none_is_bad_input(url: str) -> None:
    with pytest.raises(BadInputError, match="no http or https URL"):
        websocket_url_of(url)
