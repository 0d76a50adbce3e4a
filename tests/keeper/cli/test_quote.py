"""`neurolov job quote` and what `job submit` asks, limits and tells, against a marketplace."""

import json
import os
import pty
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.cli.options.settings import SETTINGS
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.node.buying.spending import LEDGER_FILE, PER_DAY_KEY, PER_JOB_KEY, SpendingLedger
from tests.keeper.cli.job_market import JobBuyer, JobMarket, Process
from tests.kernels.onnx.digits import network, samples

TERMS = LOCALNET_PARAMETERS


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobMarket]:
    with JobMarket(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture
def buyer(market: JobMarket, tmp_path: Path) -> JobBuyer:
    return JobBuyer(market, tmp_path)


@pytest.fixture
def graph(buyer: JobBuyer) -> list[str]:
    return ["--graph", str(buyer.root / "graph")]


def submission(buyer: JobBuyer, *options: str) -> list[str]:
    """An order without a price and without --yes."""
    files = ["--graph", str(buyer.root / "graph"), "--input", str(buyer.root / "x.npy")]
    return ["job", "submit", *files, "--verifiers", "1", "--port", "0", *options, *buyer.chain]


def quoted(graph: Sequence[str], buyer: JobBuyer, capsys: Any, *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["job", "quote", *graph, *options, "--json", *buyer.chain]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def ledger(buyer: JobBuyer) -> SpendingLedger:
    (found,) = (buyer.root / "node").rglob(LEDGER_FILE)
    return SpendingLedger(found.parent)


def refused(arguments: Sequence[str], capsys: Any) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return str(err.splitlines()[-1])


def test_a_quote_needs_no_key(
    market: JobMarket, buyer: JobBuyer, graph: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = ["--keypair", str(buyer.root / "none.json"), "--folder", str(buyer.root / "none")]
    reached = ["--url", market.net.url]
    assert run(["job", "quote", *graph, "--json", *nobody, *reached]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["buyer"] is None
    assert document["claimable"] is True
    assert document["offer"]["price"] == document["recommended_price"]
    (provider,) = document["providers"]
    assert (provider["able"], provider["reason"]) == (True, None)
    assert document["lowest_ask"] == provider["price"] <= provider["price_at_most"]
    assert provider["price_at_most"] <= document["offer"]["price"]
    payment = document["payment"]
    assert payment["at_most"] == payment["locked"]["total"] + payment["burned"]
    assert payment["burned"] == TERMS.escrow.posting_fee
    assert payment["typical"] + payment["returned"] == payment["at_most"]
    assert document["end"]["best"]["slot"] < document["end"]["latest"]["slot"]
    assert not (buyer.root / "none").exists()
    assert run(["job", "quote", *graph, *nobody, *reached]) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 110
    for word in ("work: ", "price: ", "demand: ", "provider: ", "locked: ", "expected: ", "end: "):
        assert word in told


def test_a_model_is_priced_by_the_market_before_it_is_quantised(
    market: JobMarket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(network(), tmp_path / "model.onnx")
    np.savez(tmp_path / "samples.npz", x=samples())
    model, calibration = str(tmp_path / "model.onnx"), str(tmp_path / "samples.npz")
    arguments = ["model", "quantise", model, "--calibration", calibration, "--json"]
    graph = ["-o", str(tmp_path / "model.graph")]
    assert run([*arguments, *graph, "--url", market.net.url]) == 0
    told = capsys.readouterr()
    cost = json.loads(told.out)["cost"]
    assert cost["assumed"] is None
    assert "is recommended for the work on this market" in " ".join(told.err.split())
    assert run(["job", "quote", "--graph", graph[1], "--json", "--url", market.net.url]) == 0
    assert cost["price"] == json.loads(capsys.readouterr().out)["recommended_price"]
    other = str(tmp_path / "other.graph")
    assert run([*arguments, "-o", other, "--url", "http://127.0.0.1:1"]) == 1
    assert not Path(other).exists()


def test_the_buyers_key_adds_its_balance(
    buyer: JobBuyer, graph: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    document = quoted(graph, buyer, capsys, "--input", str(buyer.root / "x.npy"))
    assert document["buyer"] == {
        "address": str(buyer.owner),
        "nlov": 1_000 * NLOV,
        "lamports": 10**10,
    }
    wrong = ["job", "quote", *graph, "--input", str(buyer.root / "graph"), *buyer.chain]
    assert "is not input 0" in refused(wrong, capsys)


def test_a_price_below_every_ask_is_told_and_not_posted(
    market: JobMarket, buyer: JobBuyer, graph: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    document = quoted(graph, buyer, capsys, "--price", "0.01")
    assert document["below_every_ask"] is True
    assert document["claimable"] is False
    lowest = document["lowest_ask"]
    before = market.transactions(buyer.owner)
    told = refused(submission(buyer, "--yes", "--price", "0.01"), capsys)
    assert "the price of 0.01 NLOV is below every ask; the lowest is " in told
    assert f"{lowest // NLOV}" in told
    assert "pass --anyway" in told
    assert market.transactions(buyer.owner) == before


def test_without_a_terminal_yes_is_needed(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    before = market.transactions(buyer.owner)
    submit = Process(*submission(buyer))
    status, out, told = submit.ended()
    assert (status, out) == (2, "")
    assert "nobody can confirm the payment here; pass --yes to pay unasked" in told
    assert market.transactions(buyer.owner) == before
    assert not list(buyer.root.rglob(LEDGER_FILE))


class Terminal(Process):
    """A command whose standard input is a terminal."""

    def __init__(self, *arguments: object) -> None:
        self._keyboard, screen = pty.openpty()
        try:
            super().__init__(*arguments, stdin=screen)
        finally:
            os.close(screen)

    def type(self, line: str) -> None:
        os.write(self._keyboard, f"{line}\n".encode())

    def close(self) -> None:
        os.close(self._keyboard)


def test_a_no_pays_nothing(market: JobMarket, buyer: JobBuyer) -> None:
    before = market.transactions(buyer.owner)
    for answer in ("n", ""):
        terminal = Terminal(*submission(buyer))
        terminal.until("balance: ")
        terminal.type(answer)
        status, out, told = terminal.ended()
        terminal.close()
        assert (status, out) == (1, "")
        assert "Pay " in told
        assert "not confirmed: nothing was posted and nothing was paid" in told
    assert market.transactions(buyer.owner) == before


def test_an_interrupted_question_pays_nothing(market: JobMarket, buyer: JobBuyer) -> None:
    before = market.transactions(buyer.owner)
    terminal = Terminal(*submission(buyer))
    terminal.until("balance: ")
    terminal.signal(signal.SIGINT)
    status, out, told = terminal.ended()
    terminal.close()
    assert (status, out) == (130, "")
    assert "Traceback" not in told
    assert market.transactions(buyer.owner) == before


def test_a_confirmed_job_costs_what_was_quoted_and_is_billed(
    market: JobMarket, buyer: JobBuyer, graph: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = quoted(graph, buyer, capsys, "--verifiers", "1")
    tokens = market.tokens(buyer.owner)
    lamports = market.lamports(buyer.owner)
    terminal = Terminal(*submission(buyer, "--json"))
    terminal.until("balance: ")
    terminal.type("y")
    status, out, err = terminal.ended()
    terminal.close()
    assert status == 0, err
    document = json.loads(out)
    bill = document["bill"]
    assert bill["cost"] == tokens - market.tokens(buyer.owner)
    assert bill["locked"] + bill["burned"] == told["payment"]["leaves_account"]
    paid = {each["party"]: each["amount"] for each in bill["payments"]}
    (provider,) = told["providers"]
    assert paid["provider 1"] + bill["market_fee"] == provider["price"]
    assert bill["market_fee"] == -(-provider["price"] * TERMS.escrow.fee_bps // 10_000)
    if document["outcome"] == "accepted":
        assert paid["verifier 1"] == told["offer"]["verification_fee"]
    assert bill["waiting"] == 0
    assert bill["cost"] == sum(paid.values()) + bill["market_fee"] + bill["burned"]
    rents = told["lamports"]
    opened = lamports - market.lamports(buyer.owner) - bill["lamports"]
    # The accounts of the buyer and of the graph stay, and are no part of the job.
    assert rents["rent_kept"] <= opened <= rents["rent_kept"] + rents["fees"]
    assert 0 < bill["lamports"] <= rents["fees"]
    entry = ledger(buyer).entries()[Pubkey.from_string(document["job"])]
    assert (entry.open, entry.spent) == (False, bill["cost"])


def test_a_limit_holds_whatever_was_confirmed(
    market: JobMarket,
    buyer: JobBuyer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NEUROLOV_CONFIG", str(buyer.root / "config.toml"))
    assert run(["config", "set", PER_JOB_KEY, "5"]) == 0
    before = market.transactions(buyer.owner)
    told = refused(submission(buyer, "--yes", "--price", "20"), capsys)
    assert told == (
        "error: this would take 20.69 NLOV, above the 5 NLOV that spending-per-job allows; to "
        "allow more: neurolov config set spending-per-job 20.69"
    )
    assert market.transactions(buyer.owner) == before
    assert {PER_JOB_KEY, PER_DAY_KEY} <= SETTINGS.keys()


def test_what_a_killed_process_has_locked_counts_until_it_comes_back(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    limited = ("--price", "20", "--spending-per-day", "30", "--yes")
    with market.claiming_only():
        submit = Process(*submission(buyer, *limited))
        job = submit.until(" posted").split()[1]
        submit.signal(signal.SIGKILL)
        assert submit.ended()[0] == -signal.SIGKILL
        told = refused(submission(buyer, *limited, "--again"), capsys)
        assert "this would take 20.69 NLOV after 20.69 NLOV in the last 24 hours" in told
        assert "spending-per-day" in told
    follow = ["job", "follow", job, "--json", *buyer.chain]
    assert run(follow) == 0
    bill = json.loads(capsys.readouterr().out)["bill"]
    assert ledger(buyer).spent_today() == bill["cost"] < 10 * NLOV
    assert run(submission(buyer, *limited, "--again")) == 0
    out, _ = capsys.readouterr()
    for word in ("result: ", "paid: ", "burned: ", "returned: ", "cost: "):
        assert word in out


def test_a_job_without_a_result_tells_why_and_what_came_back(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    before = market.tokens(buyer.owner)
    submit = Process(*submission(buyer, "--price", "0.02", "--yes", "--anyway"))
    job = submit.until(" posted").split()[1]
    submit.signal(signal.SIGINT)
    assert submit.ended()[0] == 130
    assert run(["job", "cancel", job, *buyer.chain]) == 0
    capsys.readouterr()
    assert run(["job", "follow", job, "--json", *buyer.chain]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["reason"] == "you cancelled it"
    assert document["output"] is None
    bill = document["bill"]
    assert bill["payments"] == []
    assert bill["cost"] == bill["burned"] == TERMS.escrow.posting_fee
    assert market.tokens(buyer.owner) == before - bill["cost"]
    assert run(["job", "follow", job, *buyer.chain]) == 1
    told = capsys.readouterr().out
    assert "no result: you cancelled it" in told
    assert "returned: 0.7 NLOV" in told
