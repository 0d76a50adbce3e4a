"""A cluster that does not answer is waited for, and told once; another chain is refused."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import pytest
from aiohttp import web

from keeper.chain.errors import (
    AccessRefusedError,
    ChainReplacedError,
    TransientError,
)
from keeper.chain.gateway import Backoff, Gateway, Patience
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

AWAY, BACK = "does not answer; trying again", "answers again after"
TIMEOUT_SECONDS = 0.05
GARBAGE = '{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":1},"value":[{"data":7}]}}'


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def quick(attempts: int) -> Backoff:
    return Backoff(attempts=attempts, randomness=random.Random(0), sleep=at_once)


def patience() -> Patience:
    """A second passes with every look at the clock."""
    seconds = count()
    return Patience(told_after=3.0, pauses=quick(8), clock=lambda: float(next(seconds)))


async def passed(forward: Forward) -> web.Response:
    return await forward()


async def late(forward: Forward) -> web.Response:
    await asyncio.sleep(10 * TIMEOUT_SECONDS)
    return await forward()


def against(
    script: Sequence[tuple[str, Step]],
    act: Callable[[Gateway, FaultyNode], Awaitable[None]],
    *,
    patient: bool = True,
) -> None:
    """Run `act` on a gateway whose requests after the handshake meet `script`."""

    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False, seed=bytes(32)) as net,
            faulty_node(net.url, [("*", passed), *script]) as node,
            Gateway(
                node.url, backoff=quick(3), patience=patience() if patient else None
            ) as gateway,
        ):
            await act(gateway, node)

    asyncio.run(run())


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    own = (each for each in caplog.records if each.name.startswith("keeper."))
    return [each.getMessage() for each in own if each.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "fault", [dropped, status(502), status(429), status(403), body("<html>"), body(GARBAGE)]
)
def test_every_kind_of_outage_is_waited_for_and_told_once(
    fault: Step, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> None:
        assert await gateway.slot() >= 0
        node.script += [("*", fault)] * 25
        assert await gateway.slot() >= 0
        assert node.script == []
        assert not gateway.away

    against([], act)
    away, back = warnings(caplog)
    assert AWAY in away
    assert BACK in back


def test_a_node_that_does_not_answer_in_time_is_away(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False, seed=bytes(32)) as net,
            faulty_node(net.url) as node,
            Gateway(
                node.url, backoff=quick(3), timeout=TIMEOUT_SECONDS, patience=patience()
            ) as gateway,
        ):
            node.script += [("*", late)] * 6
            assert await gateway.slot() >= 0

    asyncio.run(run())
    away, back = warnings(caplog)
    assert "ReadTimeout" in away
    assert BACK in back


def test_requests_of_one_outage_are_told_together(caplog: pytest.LogCaptureFixture) -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> None:
        node.script += [("*", dropped)] * 30
        await asyncio.gather(*(gateway.slot() for _ in range(8)))

    against([], act)
    assert len(warnings(caplog)) == 2


def test_a_hiccup_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    async def act(gateway: Gateway, _node: FaultyNode) -> None:
        assert await gateway.slot() >= 0

    against([("*", dropped), ("*", dropped)], act)
    assert warnings(caplog) == []


def test_a_request_that_alone_fails_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> None:
        with pytest.raises(TransientError, match="the node answered 503"):
            await gateway.slot()
        assert node.methods.count("getSlot") == 3

    against([("getSlot", status(503))] * 3, act)
    assert warnings(caplog) == []


def test_a_hasty_gateway_gives_up(caplog: pytest.LogCaptureFixture) -> None:
    async def act(gateway: Gateway, node: FaultyNode) -> None:
        node.script += [("*", dropped)] * 6
        with pytest.raises(TransientError, match="no answer"):
            await gateway.slot()
        with gateway.patient():
            assert await gateway.slot() >= 0
        node.script += [("*", dropped)] * 3
        with pytest.raises(TransientError, match="no answer"):
            await gateway.slot()

    against([], act, patient=False)
    assert warnings(caplog) == []


def test_a_refusal_from_the_start_is_no_outage() -> None:
    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False, seed=bytes(32)) as net,
            faulty_node(net.url, [("*", status(401))] * 2) as node,
        ):
            with pytest.raises(AccessRefusedError, match="answered 401; check the URL"):
                await Gateway(node.url, backoff=quick(3), patience=patience()).__aenter__()

    asyncio.run(run())


def test_another_chain_after_an_outage_is_refused() -> None:
    async def run() -> None:
        async with (
            Localnet(port=0, ticking=False, seed=bytes(32)) as first,
            Localnet(port=0, ticking=False, seed=bytes([1] * 32)) as second,
            faulty_node(first.url) as node,
            Gateway(node.url, backoff=quick(3), patience=patience()) as gateway,
        ):
            node.upstream = second.url
            node.script += [("*", dropped)] * 9
            with pytest.raises(ChainReplacedError) as raised:
                await gateway.slot()
            assert str(raised.value) == (
                f"the cluster at {node.url} is another chain now: its genesis hash is "
                f"{second.bank.genesis_hash}, it was {first.bank.genesis_hash}; start again with "
                "--fresh, or name another --folder"
            )

    asyncio.run(run())
