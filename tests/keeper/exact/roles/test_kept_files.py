"""What a role keeps on disk: ballots, results."""

from pathlib import Path

import numpy as np
import pytest

from keeper.exact.decisions.codes import Choice
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.ballots import BALLOTS
from keeper.exact.roles.results import ResultArchive
from keeper.exact.verification import Ballot
from keeper.node.vault import Vault
from tests.keeper.exact.decisions.views import JOB, job, verdict, view


def test_a_ballot_survives_and_is_private(tmp_path: Path) -> None:
    box, ballot = Vault(tmp_path).secrets(BALLOTS), Ballot.create(Choice.REJECT, 3, 70_000)
    assert box.keys() == frozenset()
    box.keep((JOB, 2), ballot)
    again = Vault(tmp_path).secrets(BALLOTS)
    assert again.keys() == {(JOB, 2)}
    assert again.get((JOB, 2)) == ballot
    (file,) = (tmp_path / "ballots").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    again.discard((JOB, 2))
    again.discard((JOB, 2))
    with pytest.raises(KeyError):
        box.get((JOB, 2))


def test_an_ended_job_is_remembered_with_its_result(tmp_path: Path) -> None:
    archive, result = ResultArchive(tmp_path), np.arange(6, dtype=np.int32).reshape(1, 1, 6, 1)
    assert archive.record(JOB) is None
    assert archive.result(JOB) is None
    record = archive.keep(view(job(), verdict()), 7, result)
    assert ResultArchive(tmp_path).record(JOB) == record
    kept = archive.result(JOB)
    assert isinstance(kept, np.ndarray)
    assert np.array_equal(kept, result)
    assert (record.state, record.outcome, record.provider) == ("posted", "none", None)


def test_terms_lock_every_ballot_and_every_step() -> None:
    offer = JobOffer(price=5, verification_fee=7, tip=11, verifiers=5)
    assert (offer.verification, offer.tips) == (7 * 15, 88)
