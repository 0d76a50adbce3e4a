"""`provider status`, `verifier status` and `crank status` on jobs that have really been run."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.cli.app import run
from keeper.configuration import create_keypair
from keeper.exact.decisions.actions import ReportSilent
from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDER_STAKE, PROVIDERS, VERIFIER_STAKE, VERIFIERS
from kernels.graph.reference import NumpyExecutor
from neurolov_client import verdict
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
    silent: str = ""


class Exchange(Served):
    """A marketplace whose slots pass only while its story is played, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.rig: Rig
        self.stranger = folder / "stranger.json"
        create_keypair(self.stranger)

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
    as_stranger = ("--keypair", exchange.stranger, "--folder", exchange.stranger.parent)
    found.documents["job"] = document(exchange, "job", exchange.rig.job, *as_stranger)
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


def document(exchange: Exchange, role: str, address: object, *more: object) -> dict[str, Any]:
    """What a status command tells; a module's fixture has no `capsys`."""
    out = io.StringIO()
    with redirect_stdout(out):
        asked = [role, "status", str(address), "--json", *map(str, more)]
        assert run([*asked, *exchange.chain]) == 0
    read: dict[str, Any] = json.loads(out.getvalue())
    return read


def row(document: dict[str, Any], job: str) -> dict[str, Any]:
    (found,) = (each for each in document["earnings"]["by_job"] if each["job"] == job)
    return dict(found)


def adds_up(document: dict[str, Any]) -> bool:
    """Whether the days and the jobs make the same sums as the whole."""
    earnings = document["earnings"]
    by_day = {
        name: sum(day[name] for day in earnings["by_day"]) for name in ("paid", "lost", "rewards")
    }
    by_job = {
        name: sum(each[name] for each in earnings["by_job"])
        for name in ("paid", "to_pull", "pending")
    }
    lost = sum(each["amount"] for each in document["losses"])
    return (
        by_day["paid"] == by_job["paid"] == earnings["paid"]
        and (by_job["to_pull"], by_job["pending"]) == (earnings["to_pull"], earnings["pending"])
        and by_day["lost"] == lost == earnings["lost"]
        and by_day["rewards"] == earnings["rewards_claimed"]
    )


def test_what_is_pending_is_credited_then_pulled(story: Told) -> None:
    pending, settled, after = (
        story.documents[point]["earnings"]
        for point in ("pending provider", "settled provider", PROVIDERS[0])
    )
    amount = pending["pending"]
    assert amount > 0
    assert (pending["paid"], pending["to_pull"]) == (0, 0)
    assert (settled["paid"], settled["to_pull"], settled["pending"]) == (0, amount, 0)
    assert (after["paid"], after["to_pull"], after["pending"]) == (amount, 0, 0)
    voter = story.documents["pending voter"]
    assert voter["earnings"]["pending"] == FEE
    assert row(voter, story.jobs["honest"])["state"] == "decided"


def test_a_job_tells_when_its_state_ends(story: Told) -> None:
    told, pending = story.documents["job"], story.documents["pending provider"]
    assert told["until"]["slot"] == row(pending, story.jobs["honest"])["until"]["slot"]
    assert told["posted"]["slot"] < pending["read"]["to"]["slot"] < told["until"]["slot"]
    assert told["until"]["time"] > told["posted"]["time"]


@pytest.mark.parametrize("name", [*PROVIDERS, *VERIFIERS, "crank"])
def test_earnings_are_what_the_wallet_gained(story: Told, name: str) -> None:
    told = story.documents[name]
    assert told["earnings"]["paid"] == story.earned[name]
    assert all(adds_up(each) for each in story.documents.values() if "earnings" in each)
    assert told["read"]["whole"] is True
    assert told["read"]["why"] is None


def test_losses_are_what_the_stakes_lost(story: Told) -> None:
    lost = sum(story.documents[name]["earnings"]["lost"] for name in (*PROVIDERS, *VERIFIERS))
    assert lost == -story.earned["stake vault"]


def test_an_expired_lease_costs_the_bond(story: Told) -> None:
    claimed, after = story.documents["claimed provider"], story.documents[PROVIDERS[0]]
    (risk,) = claimed["at_risk"]
    assert (risk["job"], risk["state"], risk["backs"]) == (
        story.jobs["expired"],
        "claimed",
        "lease",
    )
    assert (risk["exposure"], risk["bond"]) == (25 * TERMS.price, BOND)
    assert risk["until"]["slot"] > claimed["read"]["to"]["slot"]
    assert after["at_risk"] == []
    assert after["work"] == {
        "claims": 2,
        "commits": 1,
        "lost_leases": 1,
        "settled": 1,
        "voided": 0,
    }
    (loss,) = after["losses"]
    assert (loss["kind"], loss["amount"], loss["receipt"]) == ("bond", BOND, None)
    assert loss["reason"] == "its lease expired before it committed"
    assert loss["job"] == story.jobs["expired"]


def test_a_slash_names_its_reason_and_its_receipt(story: Told) -> None:
    told = story.documents[PROVIDERS[1]]
    receipt = str(verdict.receipt_address(Pubkey.from_string(story.jobs["cheated"])))
    assert [(each["kind"], each["amount"]) for each in told["losses"]] == [
        ("slash", 25 * TERMS.price),
        ("bond", BOND),
    ]
    assert {each["receipt"] for each in told["losses"]} == {receipt}
    assert told["losses"][0]["reason"] == "a wrong element of its result was proven"
    assert row(told, story.jobs["cheated"])["outcome"] == "fraud"
    assert told["work"]["voided"] == 1
    assert told["registration"]["failed"] == 1


def test_a_silent_verifier_sees_its_fine(story: Told) -> None:
    told = story.documents[story.silent]
    assert told["work"]["missed"] == 1
    (loss,) = told["losses"]
    assert (loss["kind"], loss["amount"], loss["job"]) == ("fine", SILENCE, story.jobs["honest"])
    assert told["stake"]["collateral"] == VERIFIER_STAKE - SILENCE
    work = told["work"]
    assert work["drawn"] == work["cast"] + work["declined"] + work["missed"] + work["waiting"]
    cast = sum(story.documents[name]["work"]["cast"] for name in VERIFIERS)
    assert cast == 3 * 3 - 1


def test_a_finder_of_a_lie_is_a_challenger_too(story: Told) -> None:
    parts = [
        each["parts"]
        for name in VERIFIERS
        for each in story.documents[name]["earnings"]["by_job"]
        if each["job"] == story.jobs["cheated"]
    ]
    assert ["challenger", "verifier"] in parts


def test_the_endpoint_is_asked_now(story: Told) -> None:
    endpoint = story.documents[PROVIDERS[0]]["endpoint"]
    assert (endpoint["answers"], endpoint["error"]) == (True, None)
    assert story.documents["crank"]["endpoint"] is None


def test_the_text_fits_a_narrow_terminal(
    story: Told, exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(capsys, "provider", "status", story.names[PROVIDERS[1]], *exchange.chain)
    receipt = verdict.receipt_address(Pubkey.from_string(story.jobs["cheated"]))
    assert f"neurolov replay {receipt}" in shown
    assert story.jobs["cheated"] in shown
    assert f"lost {nlov(25 * TERMS.price + BOND)} NLOV" in shown
    assert "None" not in shown
    tables = shown[shown.index("By day") : shown.index("nothing is at risk")]
    assert max(map(len, tables.splitlines())) <= 80
    silent = told(capsys, "verifier", "status", story.names[story.silent], *exchange.chain)
    assert "1 missed" in silent
    assert "a drawn ballot stayed unanswered" in silent


def test_a_reading_that_ends_early_says_so(story: Told, exchange: Exchange) -> None:
    owner = story.names[VERIFIERS[0]]
    whole = story.documents[VERIFIERS[0]]
    short = document(exchange, "verifier", owner, "--transactions", 5)
    assert short["read"]["whole"] is False
    assert short["read"]["why"] == "only the latest 5 transactions were read"
    assert 0 < short["read"]["transactions"] <= 5
    assert short["read"]["from"]["slot"] > whole["read"]["from"]["slot"]
    assert adds_up(short)
    recent = document(exchange, "provider", story.names[PROVIDERS[0]], "--days", 0.0001)
    assert recent["read"]["transactions"] == 0
    assert recent["read"]["why"] == "--days 0.0001 was asked for"
    assert recent["earnings"]["paid"] == 0
    assert recent["stake"]["staked"] == PROVIDER_STAKE - BOND


def test_the_role_is_told_where_it_is_not_registered(
    story: Told, exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = told(capsys, "provider", "status", story.names[VERIFIERS[0]], *exchange.chain)
    assert "not registered as a provider; run: neurolov provider run" in shown


def test_an_address_that_nobody_knows(
    exchange: Exchange, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = create_keypair(tmp_path / "id.json").pubkey()
    for asked in ([str(STRANGER)], ["--keypair", str(tmp_path / "id.json")]):
        capsys.readouterr()
        assert run(["provider", "status", *asked, *exchange.chain]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        address = asked[0] if len(asked) == 1 else key
        assert err.startswith(f"error: this cluster knows neither stake nor work of {address};")
    assert run(["provider", "status", "nobody", *exchange.chain]) == 2
    assert "'nobody' is not an address" in capsys.readouterr().err
