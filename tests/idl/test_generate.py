import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from idl.generation import outputs
from idl.generation.__main__ import main
from idl.generation.deployment import IDL_FOLDER
from idl.generation.rendering.seeds import conventions
from idl.generation.schema import SchemaError, committed, parse


def test_the_committed_bindings_are_those_of_the_committed_idls() -> None:
    result = CliRunner().invoke(main, ["--check"])
    assert result.output == ""
    assert result.exit_code == 0


@pytest.fixture
def bindings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "bindings"
    shutil.copytree(outputs.BINDINGS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(outputs, "BINDINGS", copy)
    return copy


def test_an_edited_binding_is_drift(bindings: Path) -> None:
    edited = bindings / "staking.py"
    edited.write_text(edited.read_text("utf-8") + "\nEXTRA = 1\n", "utf-8")
    result = CliRunner().invoke(main, ["--check"])
    assert result.exit_code == 1
    assert "bindings differ from the IDLs: staking.py; run" in result.output
    assert "EXTRA" in edited.read_text("utf-8"), "a check writes nothing"


@pytest.mark.parametrize("name", ["verdict.py", "stranger.py"])
def test_a_missing_or_a_stray_binding_is_drift(bindings: Path, name: str) -> None:
    path = bindings / name
    if path.exists():
        path.unlink()
    else:
        path.write_text("", "utf-8")
    result = CliRunner().invoke(main, ["--check"])
    assert result.exit_code == 1
    assert name in result.output


def test_generating_mends_drift(bindings: Path) -> None:
    (bindings / "verdict.py").unlink()
    assert CliRunner().invoke(main, []).exit_code == 0
    assert CliRunner().invoke(main, ["--check"]).exit_code == 0


@pytest.fixture
def typescript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "typescript"
    shutil.copytree(outputs.TYPESCRIPT, copy)
    monkeypatch.setattr(outputs, "TYPESCRIPT", copy)
    return copy


@pytest.mark.parametrize(
    "name", ["programs/verdict.js", "programs/stranger.d.ts", "anchor/stranger.js"]
)
def test_typescript_drifts_as_bindings_do(typescript: Path, name: str) -> None:
    (typescript / name).write_text("export const EXTRA = 1;\n", "utf-8")
    result = CliRunner().invoke(main, ["--check"])
    assert result.exit_code == 1
    assert f"differ from the IDLs: {Path(name).name}; run" in result.output


def test_codes_go_into_folders_that_may_not_import_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Opcode", "MAX_OPERATORS")
    modules = tuple(
        outputs.CodeModule(tmp_path / "kernels" / name, "Codes.", "job_registry", names)
        for name in ("codes.py", "codes.wgsl")
    )
    monkeypatch.setattr(outputs, "CODE_MODULES", modules)
    missing = CliRunner().invoke(main, ["--check"])
    assert "differ from the IDLs: codes.py, codes.wgsl; run" in missing.output
    assert CliRunner().invoke(main, []).exit_code == 0
    assert CliRunner().invoke(main, ["--check"]).exit_code == 0
    assert "class Opcode(IntEnum):" in modules[0].path.read_text("utf-8")
    assert "const OPCODE_MATMUL: u32 = 1u;" in modules[1].path.read_text("utf-8")


@pytest.mark.parametrize(
    ("program", "name", "message"),
    [("job_registry", "Octode", "no codes or limits named Octode"), ("jobs", "Opcode", "'jobs'")],
)
def test_a_code_module_of_what_there_is_not_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, name: str, message: str
) -> None:
    module = outputs.CodeModule(tmp_path / "codes.py", "Codes.", program, (name,))
    monkeypatch.setattr(outputs, "CODE_MODULES", (module,))
    with pytest.raises(SchemaError, match=f"^codes.py: {message}$"):
        outputs.generated_code_modules()


def test_two_derivations_of_one_seed_are_refused(sample_document: dict[str, Any]) -> None:
    position = sample_document["instructions"][1]["accounts"][1]
    position["pda"]["seeds"].append({"kind": "arg", "path": "amount"})
    with pytest.raises(SchemaError, match="disagree on the seeds of position_address"):
        outputs.render(parse(sample_document))


def test_a_name_defined_twice_is_refused(sample_document: dict[str, Any]) -> None:
    sample_document["instructions"][0]["name"] = "position_address"
    with pytest.raises(SchemaError, match=r"\['position_address'\] would be defined twice"):
        outputs.render(parse(sample_document))


def test_an_account_that_no_seed_leads_to_is_required(sample_document: dict[str, Any]) -> None:
    position = sample_document["instructions"][0]["accounts"][1]
    position["pda"]["seeds"][1] = {"kind": "account", "path": "ticket.owner", "account": "Gone"}
    source = outputs.render(parse(sample_document))
    opening = source[source.index("def open_position") :].split(") -> Instruction")[0]
    assert "    position: Pubkey,\n" in opening


def test_an_idl_of_another_address_is_refused(tmp_path: Path) -> None:
    for path in IDL_FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    document = json.loads((tmp_path / "escrow.json").read_text("utf-8"))
    document["address"] = "11111111111111111111111111111111"
    (tmp_path / "escrow.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(SchemaError, match="escrow: IDL address 1111"):
        outputs.generated(tmp_path)


def test_seeds_that_the_idl_misreads_are_not_followed(sample_document: dict[str, Any]) -> None:
    ticket = sample_document["instructions"][1]["accounts"][2]
    ticket["pda"]["seeds"][2] = {"kind": "account", "path": "position"}
    source = outputs.render(parse(sample_document))
    assert "def ticket_address(owner: Pubkey, id: int) -> Pubkey:" in source
    staking = source[source.index("def stake(") :].split(") -> Instruction")[0]
    assert "    ticket: Pubkey,\n" in staking, "the caller has to say which"


def test_a_field_that_the_idl_takes_for_its_account_leads_nowhere(
    sample_document: dict[str, Any],
) -> None:
    """The seed is the owner in the position; the IDL names the position itself."""
    name = {"kind": "const", "value": list(b"exposure")}
    seeds = [name, *({"kind": "account", "path": path} for path in ("owner", "position"))]
    exposure = {"name": "exposure", "pda": {"seeds": seeds}}
    sample_document["instructions"][1]["accounts"].append(exposure)
    source = outputs.render(parse(sample_document))
    staking = source[source.index("def stake(") :].split(") -> Instruction")[0]
    assert "    exposure: Pubkey,\n" in staking, "the caller has to say which"
    accounts = [{"name": each} for each in ("owner", "position", "exposure")]
    mine = {
        **sample_document,
        "metadata": {"name": "escrow", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [
            {"name": "look", "discriminator": [1] * 8, "accounts": accounts, "args": []}
        ],
    }
    source = outputs.render(parse(mine), [parse(sample_document)])
    looking = source[source.index("def look(") :].split(") -> Instruction")[0]
    assert "    exposure: Pubkey,\n" in looking, "here too"


def test_an_account_of_a_known_name_is_where_another_instruction_says(
    sample_document: dict[str, Any],
) -> None:
    position = sample_document["instructions"][1]["accounts"][1]
    del position["pda"]
    source = outputs.render(parse(sample_document))
    staking = source[source.index("def stake(") :]
    assert "        position = position_address(owner)\n" in staking


def test_another_programs_account_is_derived_for_that_program(
    sample_document: dict[str, Any],
) -> None:
    other = parse(sample_document)
    mine = {
        **sample_document,
        "metadata": {"name": "escrow", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [
            {
                "name": "look",
                "discriminator": [1] * 8,
                "accounts": [{"name": "owner"}, {"name": "position"}],
                "args": [],
            }
        ],
    }
    source = outputs.render(parse(mine), [other])
    assert 'position = find_address((b"position", bytes(owner)), PROGRAM_IDS["staking"])' in source


def test_no_default_address_comes_from_seeds_that_the_idl_misreads() -> None:
    """An exposure is its owner's, but the IDL names the position from which the owner is read."""
    staking, registry = committed("staking"), committed("job_registry")
    known = conventions(registry, [staking])
    assert "exposure" not in known
    assert "pool" in known


def test_what_has_not_drifted_is_not_written_again(bindings: Path) -> None:
    kept, edited = bindings / "verdict.py", bindings / "staking.py"
    edited.write_text("", "utf-8")
    before = kept.stat().st_mtime_ns
    assert CliRunner().invoke(main, []).exit_code == 0
    assert kept.stat().st_mtime_ns == before
    assert "open_position" in edited.read_text("utf-8")
