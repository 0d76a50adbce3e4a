"""`neurolov job` against a marketplace: interrupted, killed, repeated, and never paid twice."""

import json
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from keeper.cli.app import run
from tests.keeper.cli.job_market import JobBuyer, JobMarket, Process


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobMarket]:
    with JobMarket(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture
def buyer(market: JobMarket, tmp_path: Path) -> JobBuyer:
    return JobBuyer(market, tmp_path)


def own_jobs(buyer: JobBuyer, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run(["job", "list", "--json", *buyer.chain]) == 0
    jobs: list[dict[str, object]] = json.loads(capsys.readouterr().out)["jobs"]
    return jobs


def test_an_interrupted_submission_is_followed_to_its_result(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    output = buyer.root / "result"
    with market.claiming_only():
        submit = Process(*buyer.order, "--output", output, *buyer.chain)
        submit.until("claimed by")
        submit.signal(signal.SIGINT)
        status, out, told = submit.ended()
    assert (status, out) == (130, "")
    (job,) = [each["job"] for each in own_jobs(buyer, capsys)]
    assert f"interrupted: job {job} goes on without this process" in told
    assert "its provider works on, and is paid for it" in told
    (command,) = [line for line in told.splitlines() if line.startswith("go on with: ")]
    words = shlex.split(command.removeprefix("go on with: "))
    assert words[:4] == ["neurolov", "job", "follow", job]
    assert sorted(words[4:]) == sorted(buyer.chain)
    assert not output.exists()
    follow = ["job", "follow", str(job), "--output", str(output), "--json", *buyer.chain]
    assert run(follow) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["job"], record["state"], record["result"]) == (job, "settled", True)
    np.testing.assert_array_equal(np.load(output), buyer.expected)
    (kept,) = own_jobs(buyer, capsys)
    assert (kept["open"], kept["result_kept"], kept["paid"]) == (False, True, record["paid"])
    before = market.tokens(buyer.owner)
    assert run([*buyer.order, "--output", str(output), *buyer.chain]) == 0
    assert f"job {job} of this submission is settled already" in capsys.readouterr().err
    assert market.tokens(buyer.owner) == before
