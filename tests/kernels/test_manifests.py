"""Every operator's folder is complete and its manifest tells the truth."""

import re
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from kernels import generate
from kernels.exact.grid import WORKGROUP
from kernels.graph import Opcode
from kernels.runtime import fusion, shader

# WebGPU guarantees workgroups of this size and this many storage buffers per shader.
LARGEST_WORKGROUP = 256
STORAGE_BUFFERS = 8
TESTS = Path(__file__).parent / "exact"
PRODUCTS = (Opcode.MATMUL, Opcode.CONVOLUTION)
OPERATORS = sorted(path.parent.name for path in shader.KERNELS.glob("*/manifest.toml"))


def test_each_opcode_has_a_folder_and_each_folder_an_opcode() -> None:
    assert sorted(opcode.name.lower() for opcode in Opcode) == OPERATORS


@pytest.mark.parametrize("name", OPERATORS)
def test_folder_holds_shader_twin_manifest_and_test(name: str) -> None:
    folder = shader.KERNELS / name
    for file in ("__init__.py", "kernel.wgsl", "operator.py", "manifest.toml"):
        assert (folder / file).is_file()
    assert (TESTS / name / f"test_{name}.py").is_file()


def test_folder_with_a_shader_is_an_operator() -> None:
    assert sorted(path.parent.name for path in shader.KERNELS.glob("*/kernel.wgsl")) == OPERATORS


@pytest.mark.parametrize("opcode", Opcode, ids=lambda opcode: opcode.name.lower())
def test_manifest_agrees_with_shader_and_rules(opcode: Opcode) -> None:
    contract, text = shader.manifest(opcode), shader.source(opcode)
    assert contract["operator"] == opcode.name.lower()
    assert contract["opcode"] == opcode
    assert contract["sha256"] == sha256(text.encode()).hexdigest()
    assert contract["comparison"] == "bit-equal"
    declared = re.findall(r"@binding\((\d+)\) var<storage, (\w+)> (\w+)", text)
    assert sorted(declared) == [
        (str(item["binding"]), item["access"], item["name"]) for item in contract["bindings"]
    ]
    assert _largest_workgroup(opcode) <= LARGEST_WORKGROUP
    assert len(declared) <= STORAGE_BUFFERS
    sizes = re.findall(r"@workgroup_size\((\w+)\)", text)
    assert sizes in ([str(WORKGROUP)], ["GROUP_SIZE"])
    assert f"fn {contract['entry_point']}(" in text


def _largest_workgroup(opcode: Opcode) -> int:
    points = shader.load_shader(opcode).space.points()
    return max(
        point.get("GROUP_ROWS", WORKGROUP) * point.get("GROUP_COLUMNS", 1) for point in points
    )


@pytest.mark.parametrize("opcode", PRODUCTS, ids=lambda opcode: opcode.name.lower())
def test_chains_are_described_and_their_text_is_the_manifests(opcode: Opcode) -> None:
    contract = shader.manifest(opcode)["fused"]
    assert set(contract) == {last.name.lower() for last in fusion.BUFFERS}
    for last, buffers in fusion.BUFFERS.items():
        text = fusion.load_fused(opcode, last).source
        declared = re.findall(r"@binding\((\d+)\) var<storage", text)
        assert sorted(map(int, declared)) == list(range(buffers))


def test_changed_chain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = shader.manifest(Opcode.MATMUL)
    contract["fused"]["relu"]["sha256"] = contract["fused"]["lookup"]["sha256"]
    monkeypatch.setattr(fusion, "manifest", lambda _: contract)
    with pytest.raises(shader.ManifestError, match=r"^matmul with relu: shader is"):
        fusion.load_fused.__wrapped__(Opcode.MATMUL, Opcode.RELU)


def test_changed_shader_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("exact/add", "exact/as_strided", "trace", "descriptor"):
        (tmp_path / folder).mkdir(parents=True)
        for file in (shader.KERNELS.parent / folder).iterdir():
            if file.is_file():
                (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "exact" / "add" / "kernel.wgsl").open("a") as kernel:
        kernel.write("// changed\n")
    monkeypatch.setattr(shader, "KERNELS", tmp_path / "exact")
    with pytest.raises(shader.ManifestError, match=r"^add: shader is"):
        shader.load_shader.__wrapped__(Opcode.ADD)


def test_generated_files_are_what_the_generators_give() -> None:
    assert list(generate.generate(write=False)) == []


@pytest.mark.parametrize("name", OPERATORS)
def test_no_shader_uses_floats(name: str) -> None:
    manifest = tomllib.loads((shader.KERNELS / name / "manifest.toml").read_text())
    for source in manifest["sources"]:
        text = (shader.KERNELS / name / source).read_text()
        assert not re.search(r"\bf(16|32)\b|\d\.\d", text)
