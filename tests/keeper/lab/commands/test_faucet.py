"""`neurolov faucet` gives on a localnet and nowhere else."""

import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from solders.keypair import Keypair

from keeper.cli.app import run
from keeper.lab.localnet import Localnet, TokenMint
from keeper.lab.localnet.deployment import localnet_mint
from keeper.lab.localnet.spl_token import read_token_account
from tests.keeper.cli.cluster import Served

OWNER = Keypair.from_seed(bytes([9]) * 32).pubkey()
UNIT = 10**9
"""Base units per $NLOV, and lamports per SOL."""


class Standing(Served):
    """A localnet without the programs, whose slots stand still."""

    def __init__(self, mint: TokenMint | None) -> None:
        super().__init__()
        self._net = Localnet(port=0, ticking=False, mint=mint)

    @property
    def net(self) -> Localnet:
        return self._net

    def serving(self) -> AbstractAsyncContextManager[object]:
        return self._net

    def held(self) -> tuple[int, int]:
        """Lamports and base units of the owner."""
        bank, mint = self.net.bank, localnet_mint()
        tokens = read_token_account(bank.account(mint.token_account(OWNER)))
        return bank.balance(OWNER), 0 if tokens is None else tokens.amount


@pytest.fixture
def served() -> Iterator[Standing]:
    with Standing(localnet_mint()) as running:
        yield running


def test_anybody_gets_both_and_again(served: Standing, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["faucet", str(OWNER), "--url", served.net.url]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{OWNER} got 1 SOL and 1,000 NLOV",
        "it has 1 SOL and 1,000 NLOV",
    ]
    more = ["--sol", "2.5", "--nlov", "0.5", "--json"]
    assert run(["faucet", str(OWNER), "--url", served.net.url, *more]) == 0
    has = {"lamports": 3_500_000_000, "nlov": 1_000_500_000_000}
    assert json.loads(capsys.readouterr().out) == {"address": str(OWNER), **has}
    assert served.held() == (has["lamports"], has["nlov"])


def test_either_may_be_nothing(served: Standing, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["faucet", str(OWNER), "--url", served.net.url, "--nlov", "0"]) == 0
    assert served.held() == (UNIT, 0)


@pytest.mark.parametrize("more", [["--sol", "100.000000001"], ["--nlov", "100001"]])
def test_limits(served: Standing, capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    assert run(["faucet", str(OWNER), "--url", served.net.url, *more]) == 2
    assert capsys.readouterr().err == (
        "error: the faucet gives at most 100 SOL and 100,000 NLOV at a time: ask for less, and "
        "again for more\n"
    )
    assert served.held() == (0, 0)


def test_another_cluster_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    # Without its mint, a localnet answers the faucet's methods as any cluster does.
    with Standing(None) as other:
        assert run(["faucet", str(OWNER), "--url", other.net.url]) == 2
        assert capsys.readouterr().err == (
            f"error: {other.net.url} is no localnet with $NLOV, and only that has a faucet: start "
            "one with `neurolov localnet` and give its --url\n"
        )
        assert other.held() == (0, 0)
