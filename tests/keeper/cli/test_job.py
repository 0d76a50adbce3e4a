"""`neurolov job` against a marketplace: interrupted, killed, repeated, and never paid twice."""

import json
import shlex
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import JobSnapshot
from tests.keeper.cli.job_market import TOKENS, JobBuyer, JobMarket, Process, unfolded


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


def heard(capsys: pytest.CaptureFixture[str]) -> str:
    """Returns what was told, in lines that are not folded to a terminal's width."""
    return unfolded(capsys.readouterr().err)


def signed(journal: Path) -> bool:
    """Returns whether the posting of a job is on its way."""
    found = "SELECT count(*) FROM outbox WHERE operation LIKE 'post_job/%'"
    try:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            return bool(database.execute(found).fetchone()[0])
    except sqlite3.OperationalError:
        return False


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
    assert " of this submission is settled already" in heard(capsys)
    assert market.tokens(buyer.owner) == before


@pytest.mark.parametrize("words", ["was not posted", "signed", "claimed by"])
def test_a_killed_submission_goes_on_when_it_is_repeated(
    market: JobMarket, buyer: JobBuyer, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = buyer.root / "result.npy"
    # A claim is soon followed by the commitment, which would hide it from the buyer.
    with market.claiming_only() if words == "claimed by" else nullcontext():
        killed = Process(*buyer.order, *buyer.chain)
        if words == "was not posted":
            # The submission is on disk, and nothing is signed.
            folder = buyer.root / "node" / "submissions" / "jobs"
            while not any(folder.glob("*.json")):
                assert killed.process.poll() is None
        elif words == "signed":
            # Its posting may land or not: whatever becomes of it, the journal knows.
            while not signed(buyer.root / "node" / "journal.sqlite"):
                assert killed.process.poll() is None
        else:
            killed.until(words)
        killed.signal(signal.SIGKILL)
        assert killed.ended()[0] == -signal.SIGKILL
    submit = [*buyer.order, "--output", str(output), "--json", *buyer.chain]
    assert run(submit) == 0
    record = json.loads(capsys.readouterr().out)
    np.testing.assert_array_equal(np.load(output), buyer.expected)
    (job,) = own_jobs(buyer, capsys)
    assert (job["job"], job["result_kept"], job["open"]) == (record["job"], True, False)
    posting_fee = market.market.mirror.view.terms.parameters.escrow.posting_fee
    spent = TOKENS * NLOV - market.tokens(buyer.owner)
    assert spent == record["paid"] + posting_fee


def test_one_more_job_is_paid_for_only_if_asked_for(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*buyer.order, "--json", *buyer.chain]) == 0
    first = json.loads(capsys.readouterr().out)["job"]
    left = market.tokens(buyer.owner)
    assert run([*buyer.order, "--json", *buyer.chain]) == 0
    assert json.loads(capsys.readouterr().out)["job"] == first
    assert market.tokens(buyer.owner) == left
    assert run([*buyer.order, "--again", "--json", *buyer.chain]) == 0
    second = json.loads(capsys.readouterr().out)["job"]
    assert second != first
    assert [each["job"] for each in own_jobs(buyer, capsys)] == [second, first]


def test_another_submission_keeps_the_result_of_an_interrupted_one(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    with market.claiming_only():
        first = Process(*buyer.order, *buyer.chain)
        first.until("claimed by")
        first.signal(signal.SIGTERM)
        assert first.ended()[0] == 130
    (interrupted,) = [each["job"] for each in own_jobs(buyer, capsys)]
    assert run([*buyer.order, "--tip", "0.02", *buyer.chain]) == 0
    assert run(["job", "follow", str(interrupted), *buyer.chain]) == 0
    jobs = own_jobs(buyer, capsys)
    assert len(jobs) == 2
    assert all(each["result_kept"] and not each["open"] for each in jobs)
    output = buyer.root / "first.npy"
    assert run(["job", "result", str(interrupted), "--output", str(output), *buyer.chain]) == 0
    np.testing.assert_array_equal(np.load(output), buyer.expected)


def test_two_submissions_of_a_folder_go_on_side_by_side(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    with market.claiming_only():
        submit = Process(*buyer.order, "--json", *buyer.chain)
        submit.until("claimed by")
        (job,) = own_jobs(buyer, capsys)
        assert (job["state"], job["open"], job["result_kept"]) == ("claimed", True, False)
        assert run(["job", "list", *buyer.chain]) == 0
        head, line = capsys.readouterr().out.splitlines()
        assert head.split() == ["POSTED", "UTC", "STATE", "PAID", "NLOV", "RESULT", "JOB"]
        assert line.split()[2:] == ["claimed", "0", "awaited", job["job"]]
        assert len(line) <= 100
        other = Process(*buyer.order, "--tip", "0.02", "--json", *buyer.chain)
        other.until("posted")
    jobs = set()
    for process in (submit, other):
        status, out, told = process.ended()
        assert status == 0, told
        jobs.add(json.loads(out)["job"])
    found = own_jobs(buyer, capsys)
    assert {each["job"] for each in found} == jobs
    assert all(each["result_kept"] and not each["open"] for each in found)


def test_a_job_stays_open_until_its_result_is_kept_or_given_up(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    submit = Process(*buyer.order, *buyer.chain)
    submit.until("the challenge window is open")
    submit.signal(signal.SIGKILL)
    submit.ended()
    (job,) = [str(each["job"]) for each in own_jobs(buyer, capsys)]
    address = Pubkey.from_string(job)
    # What the killed process has fetched already would do.
    shutil.rmtree(buyer.root / "node" / "results", ignore_errors=True)
    # The provider has been paid and has closed the verdict, so that the chain names no stage.
    market.wait(lambda found: found is not None and _is_forgotten(found), address)
    early = ["job", "close", job, *buyer.chain]
    assert run(early) == 2
    assert "--without-result gives the result up" in heard(capsys)
    market.lose_outputs()
    locked = market.tokens(buyer.owner)
    assert run(["job", "follow", job, *buyer.chain]) == 1
    message = heard(capsys)
    assert f"job {job} is settled and paid, and its result cannot be had" in message
    assert f"neurolov job close {job} --without-result" in message
    assert market.tokens(buyer.owner) == locked
    (kept,) = own_jobs(buyer, capsys)
    assert (kept["open"], kept["state"], kept["result_kept"]) == (True, "settled", False)
    assert run(["job", "close", job, "--without-result", *buyer.chain]) == 0
    (closed,) = own_jobs(buyer, capsys)
    assert (closed["open"], closed["result_kept"]) == (False, False)
    assert market.tokens(buyer.owner) > locked
    before = market.transactions(buyer.owner)
    assert run([*buyer.order, *buyer.chain]) == 1
    assert "its result was given up; pass --again" in heard(capsys)
    assert market.transactions(buyer.owner) == before


def test_a_job_of_another_folder_is_not_paid_for_twice(
    market: JobMarket, buyer: JobBuyer, capsys: pytest.CaptureFixture[str]
) -> None:
    with market.claiming_only():
        submit = Process(*buyer.order, "--json", *buyer.chain)
        submit.until("claimed by")
        before = market.transactions(buyer.owner)
        elsewhere = [*buyer.chain]
        elsewhere[elsewhere.index("--folder") + 1] = str(buyer.root / "other")
        assert run([*buyer.order, *elsewhere]) == 2
        message = heard(capsys)
        assert run(["job", "list", "--json", *elsewhere]) == 0
        (seen,) = json.loads(capsys.readouterr().out)["jobs"]
        assert market.transactions(buyer.owner) == before
    assert f"job {seen['job']} with the same graph and inputs is open, and was posted" in message
    assert "where its salt is" in message
    assert (seen["submitted_here"], seen["state"]) == (False, "claimed")
    assert submit.ended()[0] == 0


def _is_forgotten(snapshot: JobSnapshot) -> bool:
    return snapshot.job.state is JobState.SETTLED and snapshot.verdict is None
