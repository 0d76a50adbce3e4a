"""Attacks 25 to 28 on the feed, against the real localnet. Slots pass where others sleep."""

import asyncio
import itertools
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.chain.errors import PermanentError
from keeper.chain.feed import AccountState, ChainEvent, Feed, LostEvents, Timing
from keeper.chain.gateway import Backoff, Gateway, LandedTransaction
from keeper.chain.submit import Submitter
from keeper.journal import Journal
from neurolov_client import staking
from tests.keeper.chain.cluster import Cluster, on_cluster
from tests.keeper.chain.gateway.faulty import body, faulty_node, status

PATIENCE_SECONDS = 60.0
Result = TypeVar("Result")
Item = ChainEvent | AccountState


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def timing(reconnects: int = 3) -> Timing:
    pause = Backoff(attempts=reconnects, first=0, cap=0, randomness=random.Random(0))
    return Timing(reconnect=pause, sleep=at_once)


def following(gateway: Gateway, journal: Journal, **options: Any) -> Feed:
    options.setdefault("programs", ["staking"])
    return Feed(gateway, journal, timing=timing(), **options)


def on_feed(
    tmp_path: Path,
    act: Callable[[Cluster, Gateway, Journal, Submitter], Awaitable[Result]],
    *,
    silent: bool = False,
) -> Result:
    """Run `act` on a cluster with an open position; `silent` hides the WebSocket."""

    async def run(served: Cluster) -> Result:
        websocket = served.net.url if silent else served.net.ws_url
        quiet = Backoff(attempts=1)
        async with Gateway(served.net.url, websocket_url=websocket, backoff=quiet) as gateway:
            with Journal(tmp_path / "journal.sqlite") as journal:
                submit = Submitter(gateway, journal, served.staker, sleep=served.tick)
                await submit.submit("open", [served.open_position()])
                served.net.bank.advance()
                return await act(served, gateway, journal, submit)

    return on_cluster(run)


async def staked(feed: Feed, count: int) -> list[int]:
    """Amounts of the next `count` Staked events."""
    amounts: list[int] = []
    async for item in feed:
        if isinstance(item, ChainEvent) and isinstance(item.event, staking.Staked):
            amounts.append(item.event.amount)
            if len(amounts) == count:
                break
    return amounts


@pytest.mark.parametrize("silent", [False, True])
def test_events_are_told_in_order_and_once(tmp_path: Path, silent: bool) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[int]:
        async with following(gateway, journal) as feed:
            told = asyncio.create_task(staked(feed, 6))
            for amount in range(1, 7):
                await submit.submit(f"stake {amount}", [served.stake(amount)])
                served.net.bank.advance()
            return await told

    assert on_feed(tmp_path, act, silent=silent) == [1, 2, 3, 4, 5, 6]


def test_a_new_journal_starts_at_the_present(tmp_path: Path) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[int]:
        await submit.submit("before", [served.stake(1)])
        served.net.bank.advance()
        async with following(gateway, journal) as feed:
            await submit.submit("after", [served.stake(2)])
            return await staked(feed, 1)

    assert on_feed(tmp_path, act, silent=True) == [2]


def test_a_new_journal_may_start_at_the_beginning(tmp_path: Path) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[str]:
        await submit.submit("stake", [served.stake(1)])
        names: list[str] = []
        async with following(gateway, journal, from_beginning=True) as feed:
            async for item in feed:
                assert isinstance(item, ChainEvent)
                names.append(type(item.event).__name__)
                if names[-1] == "Staked":
                    return names
        return names

    assert on_feed(tmp_path, act, silent=True) == ["PoolInitialized", "PositionOpened", "Staked"]


def test_what_lands_while_the_keeper_is_down_is_backfilled(tmp_path: Path) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[int]:
        async with following(gateway, journal) as feed:
            await submit.submit("stake 1", [served.stake(1)])
            assert await staked(feed, 1) == [1]
        for amount in (2, 3):
            await submit.submit(f"stake {amount}", [served.stake(amount)])
            served.net.bank.advance(100)
        async with following(gateway, journal) as feed:
            await submit.submit("stake 4", [served.stake(4)])
            return await staked(feed, 4)

    # The last event before the stop was told but not dealt with.
    assert on_feed(tmp_path, act, silent=True) == [1, 2, 3, 4]


def test_an_event_that_was_dealt_with_is_not_told_again(tmp_path: Path) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[int]:
        for amount in (1, 2):
            await submit.submit(f"stake {amount}", [served.stake(amount)])
        async with following(gateway, journal, from_beginning=True) as feed:
            assert await staked(feed, 2) == [1, 2]
        async with following(gateway, journal, from_beginning=True) as feed:
            return await staked(feed, 1)

    assert on_feed(tmp_path, act, silent=True) == [2]


def test_the_cursor_follows_what_has_been_dealt_with(tmp_path: Path) -> None:
    async def act(served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter) -> None:
        landed = await submit.submit("stake", [served.stake(1)])
        last = await submit.submit("stake 2", [served.stake(2)])
        async with following(gateway, journal, from_beginning=True) as feed:
            async for item in feed:
                if isinstance(item, ChainEvent) and item.signature == landed.signature:
                    cursor = journal.cursor("staking")
                    assert cursor is None or cursor.signature != landed.signature
                    break
            await submit.submit("stake 3", [served.stake(3)])
            assert await staked(feed, 2) == [2, 3]
            cursor = journal.cursor("staking")
            assert cursor is not None
            assert cursor.signature == last.signature

    on_feed(tmp_path, act, silent=True)


@asynccontextmanager
async def hanging_up(times: int) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A WebSocket that confirms the subscription, talks nonsense every other time and hangs up.

    The event tells that it has been tried again so many times.
    """
    connections = itertools.count(1)
    enough = asyncio.Event()

    async def connect(request: web.Request) -> web.WebSocketResponse:
        connection = next(connections)
        if connection >= times:
            enough.set()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_str('{"jsonrpc":"2.0","result":1,"id":0}')
        if connection % 2 == 0:
            await socket.send_str("nonsense")
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", connect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"ws://{host}:{port}", enough
    finally:
        await runner.cleanup()


def test_lost_connections_are_made_again_and_lose_nothing(tmp_path: Path) -> None:
    async def act(served: Cluster) -> None:
        async with (
            hanging_up(times=4) as (url, connected),
            Gateway(served.net.url, websocket_url=url) as gateway,
        ):
            with Journal(tmp_path / "journal.sqlite") as journal:
                submit = Submitter(gateway, journal, served.staker, sleep=served.tick)
                await submit.submit("open", [served.open_position()])
                async with following(gateway, journal) as feed:
                    for amount in range(1, 5):
                        await submit.submit(f"stake {amount}", [served.stake(amount)])
                        assert await staked(feed, 1) == [amount]
                    await connected.wait()

    on_cluster(act)


async def heard(text: str, times: int) -> None:
    """Returns once the feed has logged a text so often from now on."""
    said, enough = [0], asyncio.Event()

    def heed(record: logging.LogRecord) -> bool:
        said[0] += text in record.getMessage()
        if said[0] >= times:
            enough.set()
        return True

    logger = logging.getLogger("keeper.chain.feed.feed")
    logger.addFilter(heed)
    try:
        await enough.wait()
    finally:
        logger.removeFilter(heed)


def test_a_node_that_pushes_nothing_is_told_once_and_when_it_pushes_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[str]:
        return [each for each in caplog.messages if "pushes" in each]

    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url, websocket_url=served.net.url) as gateway:
            with Journal(tmp_path / "journal.sqlite") as journal:
                async with (
                    asyncio.timeout(PATIENCE_SECONDS),
                    following(gateway, journal, programs=["staking", "escrow"]),
                ):
                    await heard(f"lost {served.net.url}", 12)
                    assert len(told()) == 1
                    gateway.websocket_url = served.net.ws_url
                    await heard("pushes events again", 1)

    caplog.set_level(logging.INFO, "keeper.chain.feed.feed")
    on_cluster(act)
    silent, back = told()
    assert "pushes no events; reading them now and then" in silent
    assert back == "the cluster pushes events again"


def test_a_failing_node_is_asked_again(tmp_path: Path) -> None:
    async def act(served: Cluster) -> list[int]:
        async with (
            faulty_node(served.net.url) as node,
            Gateway(node.url, websocket_url=served.net.url, backoff=Backoff(attempts=1)) as gateway,
        ):
            with Journal(tmp_path / "journal.sqlite") as journal:
                submit = Submitter(gateway, journal, served.staker, sleep=served.tick)
                await submit.submit("open", [served.open_position()])
                async with following(gateway, journal) as feed:
                    await submit.submit("stake", [served.stake(7)])
                    node.script = [
                        ("getSignaturesForAddress", status(429)),
                        ("getSignaturesForAddress", body("garbage")),
                        ("getTransaction", status(503)),
                        ("getTransaction", body('{"jsonrpc":"2.0","result":null,"id":0}')),
                    ]
                    return await staked(feed, 1)

    assert on_cluster(act) == [7]


def test_a_node_that_forgot_the_cursor_repeats_nothing_old(tmp_path: Path) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[int]:
        for amount in (1, 2):
            await submit.submit(f"stake {amount}", [served.stake(amount)])
            served.net.bank.advance()
        async with (
            Forgetful(served.net.url, websocket_url=served.net.url) as forgetful,
            following(forgetful, journal) as feed,
        ):
            await submit.submit("stake 3", [served.stake(3)])
            return await staked(feed, 1)

    assert on_feed(tmp_path, act, silent=True) == [3]


class Forgetful(Gateway):
    """Answers with all of the history, as a node that does not know `until`."""

    async def signatures(self, address: Pubkey, **options: Any) -> Any:
        options.pop("until", None)
        return await super().signatures(address, **options)


def test_a_node_that_refuses_for_good_ends_the_feed(tmp_path: Path) -> None:
    async def act(served: Cluster) -> None:
        async with (
            faulty_node(served.net.url) as node,
            Gateway(node.url, websocket_url=served.net.url) as gateway,
        ):
            with Journal(tmp_path / "journal.sqlite") as journal:
                async with following(gateway, journal) as feed:
                    node.script = [("getSignaturesForAddress", status(403))]
                    with pytest.raises(PermanentError, match="answered 403"):
                        await anext(feed)

    on_cluster(act)


def test_accounts_are_told_at_first_and_when_they_change(tmp_path: Path) -> None:
    async def act(served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter) -> None:
        address = staking.position_address(served.staker.pubkey())
        amounts: list[int] = []
        async with following(gateway, journal, kinds=[staking.Position]) as feed:
            async for item in feed:
                if not isinstance(item, AccountState):
                    continue
                assert item.address == address
                if item.account is None:
                    break
                assert isinstance(item.account, staking.Position)
                amounts.append(item.account.amount)
                if amounts == [0]:
                    await submit.submit("stake", [served.stake(5)])
                else:
                    raw = served.net.bank.account(address)
                    assert raw is not None
                    served.net.bank.set_account(address, type(raw)(0, b"", raw.owner))
        assert amounts == [0, 5]

    on_feed(tmp_path, act, silent=True)


def test_failed_transactions_and_forged_events_are_not_told(tmp_path: Path) -> None:
    async def act(
        served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter
    ) -> list[int]:
        async with following(gateway, journal) as feed:
            record = served.net.bank.execute(
                [served.stake(1), served.stake(10_000_000)], [served.staker]
            )
            assert record.landed
            assert not record.ok
            await submit.submit("stake", [served.stake(2)])
            return await staked(feed, 1)

    assert on_feed(tmp_path, act) == [2]


class Truncating(Gateway):
    """Cuts the logs of every transaction off before its first event, as a busy node does."""

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        landed = await super().transaction(signature)
        if landed is None:
            return None
        kept = itertools.takewhile(lambda line: not line.startswith("Program data"), landed.logs)
        return replace(landed, logs=(*kept, "Log truncated"))


def test_events_that_a_node_cut_off_are_told_as_lost_once(tmp_path: Path) -> None:
    async def act(served: Cluster, gateway: Gateway, journal: Journal, submit: Submitter) -> None:
        landed = await submit.submit("stake", [served.stake(1)])
        last = await submit.submit("stake 2", [served.stake(2)])
        async with (
            Truncating(served.net.url, websocket_url=served.net.url) as cutting,
            following(cutting, journal, from_beginning=True) as feed,
        ):
            found: list[LostEvents] = []
            async for item in feed:
                assert isinstance(item, LostEvents)
                found.append(item)
                if item.signature == last.signature:
                    break
        assert [each.signature for each in found].count(landed.signature) == 1
        assert {each.program for each in found} == {"staking"}

    on_feed(tmp_path, act, silent=True)
