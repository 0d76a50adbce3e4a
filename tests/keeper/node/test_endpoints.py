"""The URL that a node announces: refused where no other node would fetch from it."""

import asyncio

import pytest

from keeper.data import open_client
from keeper.errors import BadInputError
from keeper.node.endpoints import UnreachableEndpointError, require_reachable


def announce(url: str, *, allow_private: bool) -> None:
    async def run() -> None:
        async with open_client(allow_private=allow_private) as client:
            require_reachable(client, url)

    asyncio.run(run())


@pytest.mark.parametrize("url", ["http://8.8.8.8:7010", "https://node.example.org"])
def test_a_public_url_is_announced(url: str) -> None:
    announce(url, allow_private=False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:7010", "127.0.0.1 is not a public address (loopback)"),
        ("http://192.168.1.5:7010", "192.168.1.5 is not a public address (private)"),
        ("node.example.org:7010", "is not an http URL"),
    ],
)
def test_a_url_that_others_refuse_is_refused_with_the_remedy(url: str, reason: str) -> None:
    with pytest.raises(UnreachableEndpointError) as refused:
        announce(url, allow_private=False)
    assert isinstance(refused.value, BadInputError)
    message = str(refused.value)
    assert message.startswith("nobody could fetch this node's data: ")
    assert reason in message
    assert "--public-url" in message


def test_a_network_of_private_addresses_announces_them() -> None:
    announce("http://127.0.0.1:7010", allow_private=True)
