"""Which chain a node's folder belongs to."""

import json
from pathlib import Path

import pytest
from solders.hash import Hash

from keeper.node.folder import ChainRecordError, OtherChainError, folder_of, open_folder
from keeper.node.occupancy import Role, RoleTakenError, occupied

FIRST, SECOND = Hash(bytes([1] * 32)), Hash(bytes([2] * 32))
URL = "http://127.0.0.1:8899"


def test_the_first_use_names_the_chain(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    assert folder_of(folder, FIRST, URL, fresh=False) == folder
    assert not folder.exists()
    assert open_folder(folder, FIRST, URL, fresh=False) == folder
    assert json.loads((folder / "chain.json").read_text()) == {"genesis_hash": str(FIRST)}
    assert open_folder(folder, FIRST, URL, fresh=True) == folder


def test_another_chain_gets_a_folder_only_if_asked_for(tmp_path: Path) -> None:
    open_folder(tmp_path, FIRST, URL, fresh=False)
    before = sorted(tmp_path.rglob("*"))
    message = f"belongs to the chain {FIRST}; the cluster at {URL} is the chain {SECOND}; go on "
    with pytest.raises(OtherChainError, match=message):
        open_folder(tmp_path, SECOND, URL, fresh=False)
    own = tmp_path / "chains" / str(SECOND)
    assert folder_of(tmp_path, SECOND, URL, fresh=True) == own
    assert sorted(tmp_path.rglob("*")) == before
    assert open_folder(tmp_path, SECOND, URL, fresh=True) == own
    assert open_folder(tmp_path, SECOND, URL, fresh=False) == own
    assert folder_of(tmp_path, SECOND, URL, fresh=False) == own
    assert open_folder(tmp_path, FIRST, URL, fresh=False) == tmp_path


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"genesis_hash": "abc"}'])
def test_a_damaged_record_is_told_and_left_alone(tmp_path: Path, record: str) -> None:
    path = tmp_path / "chain.json"
    path.write_text(record)
    for fresh in (False, True):
        with pytest.raises(ChainRecordError, match=r"chain\.json is damaged"):
            open_folder(tmp_path, FIRST, URL, fresh=fresh)
    assert path.read_text() == record


@pytest.mark.parametrize(
    ("role", "beside"),
    [
        (Role.PROVIDER, Role.PROVIDER),
        (Role.VERIFIER, Role.PROVIDER),
        (Role.PROVIDER, Role.VERIFIER),
        (Role.CRANK, Role.CRANK),
    ],
)
def test_roles_that_undo_each_others_work_are_refused(
    tmp_path: Path, role: Role, beside: Role
) -> None:
    with occupied(tmp_path, beside):
        refused = pytest.raises(RoleTakenError, match=f"is the {beside} of folder {tmp_path}")
        with refused, occupied(tmp_path, role):
            pass
    with occupied(tmp_path, role):
        pass


def test_a_crank_runs_beside_a_provider(tmp_path: Path) -> None:
    with occupied(tmp_path, Role.PROVIDER), occupied(tmp_path, Role.CRANK):
        pass
