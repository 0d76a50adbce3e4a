from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from keeper.data import BlobMissingError, StageIndex, StageIndexes, digest_of

FIRST, SECOND, THIRD = (str(Pubkey(bytes([number] * 32))) for number in (1, 2, 3))
SHARED, OWN, OTHER = (digest_of(name) for name in (b"shared", b"own", b"other"))
ROOT = digest_of(b"root")


def index(job: str, *outputs: str) -> StageIndex:
    return StageIndex(job, 0, len(outputs), ROOT, outputs, (ROOT,) * len(outputs))


@pytest.fixture
def indexes(tmp_path: Path) -> StageIndexes:
    found = StageIndexes(tmp_path)
    found.put(index(FIRST, SHARED, OWN))
    found.put(index(SECOND, SHARED, OTHER))
    return found


def test_what_a_kept_job_shares_is_not_dropped(indexes: StageIndexes) -> None:
    assert indexes.keep_only([SECOND, THIRD]) == {OWN}
    assert indexes.jobs() == [SECOND]
    with pytest.raises(BlobMissingError):
        indexes.get(FIRST, ROOT)
    assert indexes.keep_only([]) == {SHARED, OTHER}
    assert indexes.jobs() == []


def test_nothing_is_dropped_while_all_are_kept(indexes: StageIndexes) -> None:
    assert indexes.keep_only({FIRST, SECOND}) == set()
    assert indexes.of_job(FIRST) == [index(FIRST, SHARED, OWN)]
    assert indexes.of_job(SECOND) == [index(SECOND, SHARED, OTHER)]
