"""What a role keeps on disk: ballots, salts, results."""

from pathlib import Path

import numpy as np
import pytest

from keeper.exact.roles.ballots import BallotBox
from keeper.exact.roles.conversion import url_field, url_text
from keeper.exact.roles.orders import JobTerms, SaltBook
from keeper.exact.roles.results import ResultShelf
from keeper.exact.verification import Ballot, Choice
from tests.keeper.exact.decisions.views import JOB, job, key, verdict, view


def test_a_ballot_survives_and_is_private(tmp_path: Path) -> None:
    box, ballot = BallotBox(tmp_path / "ballots"), Ballot.create(Choice.REJECT, 3, 70_000)
    assert box.keys() == frozenset()
    box.keep((JOB, 2), ballot)
    again = BallotBox(tmp_path / "ballots")
    assert again.keys() == {(JOB, 2)}
    assert again.get((JOB, 2)) == ballot
    (file,) = (tmp_path / "ballots").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    again.discard((JOB, 2))
    again.discard((JOB, 2))
    with pytest.raises(KeyError):
        box.get((JOB, 2))


def test_a_salt_is_drawn_once_and_is_private(tmp_path: Path) -> None:
    book = SaltBook(tmp_path)
    assert book.get(JOB) is None
    salt = book.keep(JOB)
    assert len(salt) == 32
    assert SaltBook(tmp_path).keep(JOB) == salt
    assert book.keep(key(9)) != salt
    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())


def test_an_ended_job_is_remembered_with_its_result(tmp_path: Path) -> None:
    shelf, result = ResultShelf(tmp_path), np.arange(6, dtype=np.int32).reshape(1, 1, 6, 1)
    assert shelf.record(JOB) is None
    assert shelf.result(JOB) is None
    record = shelf.keep(view(job(), verdict()), 7, result)
    assert ResultShelf(tmp_path).record(JOB) == record
    kept = shelf.result(JOB)
    assert kept is not None
    assert np.array_equal(kept, result)
    assert (record.state, record.outcome, record.provider) == ("posted", "none", None)


def test_a_url_fits_its_field() -> None:
    field = url_field("http://127.0.0.1:7000")
    assert len(field) == 96
    assert url_text(field) == "http://127.0.0.1:7000"


@pytest.mark.parametrize("url", ["", "http://a b", "http://ä", "x" * 97, "a\n"])
def test_a_url_that_does_not_fit_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="96 ASCII"):
        url_field(url)


def test_terms_lock_every_ballot_and_every_step() -> None:
    terms = JobTerms(price=5, verification_fee=7, tip=11, verifiers=5)
    assert (terms.verification, terms.tips) == (7 * 15, 88)
