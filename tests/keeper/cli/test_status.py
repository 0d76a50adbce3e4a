"""`provider status`, `verifier status` and `crank status` on jobs that have really been run."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from keeper.cli.app import run
from keeper.exact.decisions.actions import ReportSilent
from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDERS, VERIFIERS
from kernels.graph.reference import NumpyExecutor
from tests.keeper.cli.cluster import Served
from tests.keeper.exact.roles.rig import TERMS, Rig, opened
from tests.keeper.exact.roles.test_seats import drawing, first_drawn, split

FEE = TERMS.verification_fee
SILENCE = LOCALNET_PARAMETERS.verdict.silence_fee
BOND = TERMS.price // 10
STRANGER = Pubkey(bytes([77] * 32))


@dataclass(slots=True)
class Told:
    """What the commands told in the course of the story, and what the balances were."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    names: dict[str, Pubkey] = field(default_factory=dict)
    earned: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    silent: str = ""


class Exchange(Served):
    """A marketplace whose slots pass only while its story is played, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.rig: Rig

    @property
    def net(self) -> Localnet:
        raise NotImplementedError

    @property
    def chain(self) -> list[str]:
        return ["--url", self.rig.market.services.gateway.url, "--allow-private"]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with opened(self._folder) as rig:
            self.rig = rig
            yield

    def play(self, scene: Callable[[Rig], Coroutine[Any, Any, Any]]) -> Any:
        return asyncio.run_coroutine_threadsafe(scene(self.rig), self._loop).result()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    status = run([*map(str, arguments)])
    out, err = capsys.readouterr()
    assert status == 0, err
    return str(out)


async def balances(rig: Rig) -> dict[str, int]:
    return dict((await rig.balances()).named)


async def before_the_window_ends(rig: Rig) -> str:
    """An honest job whose first drawn verifier is silent, decided and not yet settled."""
    provider = rig.provider()
    await rig.play([provider, rig.crank, rig.buyer], drawing(rig))
    name = first_drawn(rig)
    _, others = split(rig, name)
    await rig.play(
        [provider, *others, rig.crank, rig.buyer],
        lambda: rig.view.verdict is not None and rig.view.verdict.state is VerdictState.DECIDED,
    )
    return name


async def settled(rig: Rig) -> None:
    """The same job just after its settlement: nobody has pulled anything."""
    await rig.play([rig.crank], rig.ended)


async def pulled(rig: Rig) -> None:
    rig.buyer.keep.clear()
    roles = [rig.provider(), *rig.verifiers, rig.crank, rig.buyer]
    await rig.play(roles, lambda: rig.closed() and bool(rig.actions(ReportSilent)))


async def cheated(rig: Rig) -> None:
    """The second job: the second provider lies and is slashed."""
    rig.job = await rig.post()
    cheater = rig.provider(PROVIDERS[1], CheatingExecutor(NumpyExecutor(), Cheat.FLIP))
    rig.buyer.keep.clear()
    await rig.play([cheater, *rig.verifiers, rig.crank, rig.buyer], rig.closed)


async def expired(rig: Rig) -> None:
    """The third job: the first provider claims it and goes silent, the second is paid."""
    rig.job = await rig.post()
    await rig.play([rig.provider()], lambda: rig.view.job.state is JobState.CLAIMED)


async def completed(rig: Rig) -> None:
    rig.buyer.keep.clear()
    roles = [rig.provider(PROVIDERS[1]), *rig.verifiers, rig.crank, rig.buyer]
    await rig.play(roles, rig.closed)


@pytest.fixture(scope="module")
def story(exchange: Exchange) -> Told:
    """Plays all jobs and asks at each point; `capsys` lives too short for a module."""
    found = Told()
    found.names = dict(exchange.rig.market.parties.owners)
    before = exchange.play(balances)

    def ask(point: str, role: str, name: str) -> None:
        found.documents[point] = document(exchange, role, found.names[name])

    def job(name: str) -> None:
        found.jobs[name] = str(exchange.rig.job)

    job("honest")
    found.silent = exchange.play(before_the_window_ends)
    voter = next(
        str(each.verifier)
        for each in exchange.rig.view.verdict.ballots  # type: ignore[union-attr]
        if each.verifier is not None
    )
    found.names["voter"] = Pubkey.from_string(voter)
    ask("pending provider", "provider", PROVIDERS[0])
    ask("pending voter", "verifier", "voter")
    exchange.play(settled)
    ask("settled provider", "provider", PROVIDERS[0])
    exchange.play(pulled)
    exchange.play(cheated)
    job("cheated")
    exchange.play(expired)
    job("expired")
    ask("claimed provider", "provider", PROVIDERS[0])
    exchange.play(completed)
    after = exchange.play(balances)
    found.earned = {name: after[name] - before[name] for name in before}
    for name in PROVIDERS:
        ask(name, "provider", name)
    for name in VERIFIERS:
        ask(name, "verifier", name)
    ask("crank", "crank", "crank")
    return found


def document(exchange: Exchange, role: str, address: Pubkey) -> dict[str, Any]:
    """Runs a status command, catching what it prints."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert run([role, "status", str(address), "--json", *exchange.chain]) == 0
    read: dict[str, Any] = json.loads(out.getvalue())
    return read


def test_x(story: Told) -> None:
    print(json.dumps(story.documents, indent=1))
    print(story.earned)
