"""What a role needs before it begins, and the one outage that ends it: another chain."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from solders.hash import Hash
from solders.keypair import Keypair

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, deploy_localnet, localnet_mint
from tests.end_to_end.proxy import Proxy
from tests.end_to_end.role_process import RoleProcess, arguments
from tests.keeper.cli.cluster import Served

SOL = 10**9


class Replaceable(Served):
    """A cluster behind a proxy, which another chain may take the place of."""

    def __init__(self) -> None:
        super().__init__()
        self._net: Localnet
        self._other: Localnet
        self.proxy: Proxy

    @property
    def net(self) -> Localnet:
        return self._net

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        programs, mint = built_programs(), localnet_mint()
        async with (
            Localnet(programs=programs, mint=mint, port=0, slot_ms=50) as self._net,
            Localnet(programs=programs, mint=mint, port=0, slot_ms=50) as self._other,
            Proxy(self._net.url, self._net.ws_url) as self.proxy,
        ):
            deploy_localnet(self._net.bank)
            deploy_localnet(self._other.bank)
            yield

    @property
    def other_hash(self) -> Hash:
        """The genesis hash of the chain that takes its place."""
        return self._other.bank.genesis_hash

    def replace(self) -> None:
        """Let the other chain answer, as after a restart that lost everything."""
        self._loop.call_soon_threadsafe(self._replaced)

    def _replaced(self) -> None:
        self.proxy.cut()
        self.proxy.aim(self._other.url, self._other.ws_url)
        self.proxy.restore()


@pytest.fixture
def cluster() -> Iterator[Replaceable]:
    with Replaceable() as served:
        yield served


def test_a_role_waits_for_the_sol_that_it_needs_and_ends_on_another_chain(
    cluster: Replaceable, tmp_path: Path
) -> None:
    keypair, key = Keypair(), tmp_path / "id.json"
    key.write_text(json.dumps(list(bytes(keypair))))
    key.chmod(0o600)
    told = arguments(tmp_path / "node", key, cluster.proxy.arguments)
    with RoleProcess("crank", "run", *told) as crank:
        line = crank.told("waiting for SOL")
        assert line == (
            f"waiting for SOL: {keypair.pubkey()} has 0 and needs 0.0005 for fees and rents; send "
            "it 0.0005 SOL or more"
        )
        cluster.there(lambda: cluster.net.bank.airdrop(keypair.pubkey(), SOL))
        crank.told(f"{keypair.pubkey()} has 1 SOL")
        crank.told(f"crank {keypair.pubkey()}")
        first, url = cluster.net.bank.genesis_hash, cluster.proxy.arguments[1]
        cluster.replace()
        assert crank.ended() == 1
        assert crank.lines[-1] == (
            f"error: the cluster at {url} is another chain now: its genesis hash is "
            f"{cluster.other_hash}, it was {first}; start again with --fresh, or name another "
            "--folder"
        )
        assert not any("Traceback" in each for each in crank.lines)
