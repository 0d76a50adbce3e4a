from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from keeper.data import BlobMissingError, StageIndex, StageIndexes, digest_of

FIRST, SECOND = (str(Pubkey(bytes([number] * 32))) for number in (1, 2))
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


def test_a_job_is_forgotten_alone(indexes: StageIndexes) -> None:
    assert indexes.jobs() == sorted([FIRST, SECOND])
    indexes.remove(FIRST)
    indexes.remove(FIRST)
    assert indexes.jobs() == [SECOND]
    with pytest.raises(BlobMissingError):
        indexes.get(FIRST, ROOT)
    assert indexes.of_job(SECOND) == [index(SECOND, SHARED, OTHER)]
