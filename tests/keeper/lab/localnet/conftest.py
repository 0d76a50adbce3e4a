from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession
from solders.keypair import Keypair

from keeper.lab.localnet import Bank, Localnet, TokenMint
from keeper.lab.localnet.rpc import Node, call_method
from keeper.lab.localnet.rpc.errors import RpcError

SOL = 10**9

Call = Callable[..., Any]
Post = Callable[..., Awaitable[Any]]


def keypair(number: int) -> Keypair:
    """A keypair that is the same in every run."""
    return Keypair.from_seed(bytes([number]) * 32)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def payer(bank: Bank) -> Keypair:
    payer = keypair(1)
    assert bank.airdrop(payer.pubkey(), 10 * SOL).ok
    return payer


@pytest.fixture
def mint(bank: Bank) -> TokenMint:
    mint = TokenMint(keypair(2), keypair(3))
    assert mint.create(bank).ok
    return mint


@pytest.fixture
def node(bank: Bank, mint: TokenMint) -> Node:
    return Node(bank, mint=mint, identity=keypair(4))


@pytest.fixture
def call(node: Node) -> Call:
    """Calls a method with positional parameters."""

    def call(method: str, *params: Any) -> Any:
        return call_method(node, method, list(params))

    return call


@pytest.fixture
def refused(call: Call) -> Callable[..., RpcError]:
    """The error with which a call is refused."""

    def refused(method: str, *params: Any) -> RpcError:
        with pytest.raises(RpcError) as caught:
            call(method, *params)
        return caught.value

    return refused


@pytest.fixture
async def net() -> AsyncIterator[Localnet]:
    mint = TokenMint(keypair(2), keypair(3))
    async with Localnet(port=0, mint=mint, ticking=False, seed=bytes(32)) as net:
        yield net


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session
