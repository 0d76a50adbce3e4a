"""Checks of the committed build that need no Rust."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from neurolov_client import PROGRAM_IDS

REPOSITORY = Path(__file__).parents[3]
BUILT = REPOSITORY / "programs" / "built"
ADDRESS_FILES = ("idl/addresses.json", "programs/protocol/src/addresses.rs")


def test_every_program_has_the_hash_that_is_recorded() -> None:
    lines = (BUILT / "SHA256SUMS").read_text("utf-8").splitlines()
    recorded = {name: digest for digest, name in (line.split() for line in lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in BUILT.glob("*.so")
    }
    assert found == recorded
    assert set(found) == {f"{name}.so" for name in PROGRAM_IDS}


@pytest.mark.parametrize("program", PROGRAM_IDS)
def test_an_idl_names_the_programs_own_address(program: str) -> None:
    document = json.loads((REPOSITORY / "idl" / f"{program}.json").read_text("utf-8"))
    assert document["address"] == str(PROGRAM_IDS[program])
    assert document["metadata"]["name"] == program


@pytest.mark.parametrize("program", PROGRAM_IDS)
def test_an_idl_lists_every_account_of_an_instruction_by_itself(program: str) -> None:
    document = json.loads((REPOSITORY / "idl" / f"{program}.json").read_text("utf-8"))
    for instruction in document["instructions"]:
        names = [account["name"] for account in instruction["accounts"]]
        assert len(set(names)) == len(names), instruction["name"]
        groups = [each["name"] for each in instruction["accounts"] if "accounts" in each]
        assert groups == [], instruction["name"]


def test_the_address_files_are_what_the_script_writes(tmp_path: Path) -> None:
    script = REPOSITORY / "programs" / "toolchain" / "addresses.py"
    subprocess.run([sys.executable, str(script), "--root", str(tmp_path)], check=True)
    for name in ADDRESS_FILES:
        assert (tmp_path / name).read_bytes() == (REPOSITORY / name).read_bytes()
