"""What a provider keeps on disk before it commits."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.node.vault import Vault
from keeper.tolerant.roles.runs import RUNS, KeptRun, output_root, run_commitment
from kernels.custom import Element, Output, Tolerance
from kernels.trace import TENSOR, MerkleTree
from tests.keeper.tolerant.decisions.views import ME, TASK, key


def test_a_run_survives_and_is_private(tmp_path: Path) -> None:
    runs = Vault(tmp_path).secrets(RUNS)
    assert runs.keys() == frozenset()
    kept = KeptRun.of(b"output")
    runs.keep(TASK, kept, b"output")
    again = Vault(tmp_path).secrets(RUNS)
    assert again.keys() == {TASK}
    assert again.get(TASK) == kept
    assert again.payload(TASK) == b"output"
    assert kept.root == output_root(b"output")
    assert len(kept.salt) == 32
    other = KeptRun.of(b"output")
    assert other.salt != kept.salt
    runs.keep(key(9), other, b"output")
    files = list((tmp_path / "runs").iterdir())
    assert len(files) == 4
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    again.discard(TASK)
    again.discard(TASK)
    assert again.keys() == {key(9)}
    for read in (again.get, again.payload):
        with pytest.raises(KeyError):
            read(TASK)


def test_a_run_remembers_how_its_outputs_are_compared(tmp_path: Path) -> None:
    runs = Vault(tmp_path).secrets(RUNS)
    outputs = (
        Output("scores", 64, Element.F32, Tolerance.rounded(1e-6, 1e-5, 2)),
        Output(None, 8, Element.I32, Tolerance()),
    )
    runs.keep(TASK, KeptRun.of(b"output", outputs), b"output")
    assert runs.get(TASK).outputs == outputs
    # A run of old has none; the task's own element and tolerance count then.
    path = tmp_path / "runs" / f"{TASK}.json"
    document = json.loads(path.read_bytes())
    del document["outputs"]
    path.write_text(json.dumps(document))
    assert runs.get(TASK).outputs == ()


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.binary(min_size=1, max_size=2_000))
def test_the_root_is_over_leaves_of_256_raw_bytes(output: bytes) -> None:
    assert output_root(output) == MerkleTree(TENSOR, output).root


def test_a_commitment_binds_root_salt_provider_and_task() -> None:
    root, salt = bytes([1] * 32), bytes([2] * 32)
    expected = hashlib.sha256(root + salt + bytes(ME) + bytes(TASK)).digest()
    assert run_commitment(root, salt, ME, TASK) == expected
