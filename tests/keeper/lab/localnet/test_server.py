import asyncio
import os
import signal
import socket

import pytest
from aiohttp import ClientSession, WSMsgType

from keeper.lab.localnet import Localnet, PortInUseError, serve

pytestmark = pytest.mark.anyio

SUBSCRIBE = {"jsonrpc": "2.0", "id": 1, "method": "slotSubscribe"}


async def genesis_hash(http: ClientSession, net: Localnet) -> str:
    request = {"jsonrpc": "2.0", "id": 1, "method": "getGenesisHash"}
    async with http.post(net.url, json=request) as response:
        result = (await response.json())["result"]
        assert isinstance(result, str)
        return result


async def test_slots_tick(http: ClientSession) -> None:
    async with Localnet(port=0, slot_ms=1) as net, http.ws_connect(net.ws_url) as ws:
        await ws.send_json(SUBSCRIBE)
        await ws.receive_json()
        slots = [(await ws.receive_json())["params"]["result"]["slot"] for _ in range(5)]
        assert slots == list(range(slots[0], slots[0] + 5))
        assert net.bank.slot >= slots[-1]


async def test_slots_stand_still_without_ticking(net: Localnet, http: ClientSession) -> None:
    async with http.ws_connect(net.ws_url) as ws:
        await ws.send_json(SUBSCRIBE)
        await ws.receive_json()
        net.bank.advance()
        assert (await ws.receive_json())["params"]["result"]["slot"] == net.bank.slot == 2


async def test_genesis_hash_is_random_unless_seeded(http: ClientSession) -> None:
    async with (
        Localnet(port=0) as first,
        Localnet(port=0) as second,
        Localnet(port=0, seed=b"s" * 32) as third,
        Localnet(port=0, seed=b"s" * 32) as fourth,
    ):
        hashes = [await genesis_hash(http, net) for net in (first, second, third, fourth)]
        assert len(set(hashes)) == 3
        assert hashes[2] == hashes[3]
        assert await genesis_hash(http, first) == hashes[0]


async def test_ports_are_neighbours_and_freed(http: ClientSession) -> None:
    async with Localnet(port=0) as net:
        port = net.port
        assert net.url == f"http://127.0.0.1:{port}"
        assert net.ws_url == f"ws://127.0.0.1:{port + 1}"
    async with Localnet(port=port) as again:
        assert again.port == port


@pytest.mark.parametrize("offset", [0, 1])
async def test_port_in_use_is_told_and_nothing_stays_bound(offset: int) -> None:
    async with Localnet(port=0) as net:
        port = net.port
    with socket.create_server(("127.0.0.1", port + offset)):
        with pytest.raises(PortInUseError) as caught:
            await Localnet(port=port).__aenter__()
        assert str(caught.value) == (
            f"port {port + offset} on 127.0.0.1 is in use; stop what listens there or choose"
            " another port (a localnet takes two: JSON-RPC, and PubSub on the next)"
        )
    async with Localnet(port=port) as again:
        assert again.port == port


@pytest.mark.parametrize("port", [-1, 65_535])
def test_port_out_of_range(port: int) -> None:
    with pytest.raises(ValueError, match=f"port is {port}; give one from 0 to 65534"):
        Localnet(port=port)


@pytest.mark.parametrize(("confirmation", "finality"), [(0, -1), (-1, 0), (2, 1)])
def test_wrong_lags(confirmation: int, finality: int) -> None:
    told = f"confirmation_lag is {confirmation} and finality_lag {finality} blocks"
    with pytest.raises(ValueError, match=told):
        Localnet(confirmation_lag=confirmation, finality_lag=finality)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serving_ends_with_a_signal(number: signal.Signals) -> None:
    ready: list[str] = []

    def stop(net: Localnet) -> None:
        ready.append(net.url)
        os.kill(os.getpid(), number)

    localnet = Localnet(port=0, ticking=False)
    await serve(localnet, stop)
    assert ready == [localnet.url]
    async with Localnet(port=localnet.port) as again:
        assert again.port == localnet.port


async def test_clients_are_told_when_it_stops(http: ClientSession) -> None:
    async with Localnet(port=0) as net:
        ws = await http.ws_connect(net.ws_url)
    message = await ws.receive()
    while message.type is WSMsgType.TEXT:
        message = await ws.receive()
    assert message.type is WSMsgType.CLOSE
    assert message.data == 1001
    await ws.close()


async def test_client_that_leaves_is_forgotten(net: Localnet, http: ClientSession) -> None:
    async with http.ws_connect(net.ws_url) as ws:
        await ws.send_json(SUBSCRIBE)
        await ws.receive_json()
    async with http.ws_connect(net.ws_url) as ws:
        await ws.send_json(SUBSCRIBE)
        await ws.receive_json()
        net.bank.advance()
        assert (await ws.receive_json())["params"]["subscription"] == 2


async def test_client_that_does_not_read_is_cut_off(net: Localnet, http: ClientSession) -> None:
    async with http.ws_connect(net.ws_url) as ws:
        await ws.send_json(SUBSCRIBE)
        await ws.receive_json()
        net.bank.advance(10_001)
        await asyncio.sleep(0)
        message = await ws.receive()
        while message.type is WSMsgType.TEXT:
            message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1008)


async def test_node_tells_its_addresses(http: ClientSession, net: Localnet) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "getClusterNodes"}
    async with http.post(net.url, json=request) as response:
        [node] = (await response.json())["result"]
    assert [f"http://{node['rpc']}", f"ws://{node['pubsub']}"] == [net.url, net.ws_url]
