"""Reading a package as its author keeps it."""

from pathlib import Path

import pytest

from kernels.custom import (
    PACKAGES,
    Buffer,
    Element,
    PackageError,
    Reason,
    Role,
    Tolerance,
    read_package,
)
from tests.kernels.custom.examples import TRIPLE, triple

MANIFEST = """
version = 2
name = "triple"
sources = ["kernel.wgsl"]

[[buffers]]
role = "input"
bytes = 64
element = "f32"

[[buffers]]
role = "output"
bytes = 64
element = "f32"

[[stages]]
source = 0
entry_point = "main"
workgroups = [2, 1, 1]
bindings = [0, 1]

[tolerance]
absolute = 1e-6
relative = 1e-5
ulp = 2
"""


def written(folder: Path, manifest: str = MANIFEST) -> Path:
    (folder / "manifest.toml").write_text(manifest, encoding="utf-8")
    (folder / "kernel.wgsl").write_text(TRIPLE, encoding="utf-8")
    return folder


def test_a_folder_and_its_canonical_file_are_one_package(tmp_path: Path) -> None:
    package = read_package(written(tmp_path))
    assert package == triple()
    (tmp_path / "triple.json").write_bytes(package.canonical)
    assert read_package(tmp_path / "triple.json") == package


SECOND = """
[[buffers]]
role = "output"
name = "whole"
bytes = 64
element = "i32"
tolerance = { absolute = 0, relative = 0.5, ulp = 0 }

[[stages]]
"""


def test_outputs_of_a_folder_have_names_and_decimal_tolerances(tmp_path: Path) -> None:
    several = MANIFEST.replace('role = "output"', 'role = "output"\nname = "numbers"')
    several = several.replace("\n[[stages]]\n", SECOND).replace("[0, 1]", "[0, 1, 2]")
    package = read_package(written(tmp_path, several))
    assert [(each.name, each.tolerance) for each in package.outputs] == [
        ("numbers", Tolerance.rounded(1e-6, 1e-5, 2)),
        ("whole", Tolerance(0.0, 0.5, 0)),
    ]
    wrong = several.replace("relative = 0.5", "relative = -1")
    with pytest.raises(PackageError) as refused:
        read_package(written(tmp_path, wrong))
    assert refused.value.reason is Reason.BAD_TOLERANCE


def test_every_shipped_package_can_be_read() -> None:
    folders = sorted(path.parent for path in PACKAGES.glob("*/manifest.toml"))
    assert [read_package(folder).name for folder in folders] == [each.name for each in folders]
    assert folders


def test_the_numbers_may_be_whole(tmp_path: Path) -> None:
    manifest = MANIFEST.replace("1e-6", "0").replace("1e-5", "1")
    assert read_package(written(tmp_path, manifest)).tolerance == Tolerance(0.0, 1.0, 2)


@pytest.mark.parametrize(
    ("reason", "old", "new"),
    [
        (Reason.BAD_FILE, "version = 2", "version ="),
        (Reason.BAD_FILE, "version = 2", "version = 1"),
        (Reason.BAD_FILE, '["kernel.wgsl"]', '["../kernel.wgsl"]'),
        (Reason.BAD_FILE, '["kernel.wgsl"]', "[3]"),
        (Reason.BAD_FILE, '["kernel.wgsl"]', '"kernel.wgsl"'),
        (Reason.BAD_FILE, '["kernel.wgsl"]', '["missing.wgsl"]'),
        (Reason.BAD_FILE, 'name = "triple"', 'name = "triple"\nmore = 1'),
        (Reason.BAD_TOLERANCE, "ulp = 2", ""),
        (Reason.BAD_TOLERANCE, "ulp = 2", "ulp = 2.0"),
        (Reason.BAD_TOLERANCE, "absolute = 1e-6", 'absolute = "small"'),
        (Reason.BAD_TOLERANCE, "absolute = 1e-6", "absolute = true"),
        (Reason.BAD_TOLERANCE, "absolute = 1e-6", "absolute = inf"),
        (Reason.BAD_BUFFER, "bytes = 64", "bytes = 63"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_named(
    tmp_path: Path, reason: Reason, old: str, new: str
) -> None:
    with pytest.raises(PackageError) as refused:
        read_package(written(tmp_path, MANIFEST.replace(old, new, 1)))
    assert refused.value.reason is reason


def test_a_source_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (written(tmp_path) / "kernel.wgsl").write_bytes(b"\xff\xfe")
    with pytest.raises(PackageError) as refused:
        read_package(tmp_path)
    assert refused.value.reason is Reason.BAD_SOURCE


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(PackageError) as refused:
            read_package(path)
        assert refused.value.reason is Reason.BAD_FILE


def test_attention_takes_three_tensors_of_four_heads() -> None:
    package = read_package(PACKAGES / "attention")
    size = 4 * 128 * 64 * 4
    assert package.inputs == (Buffer(size, Element.F32, Role.INPUT),) * 3
    assert package.buffers[-1] == Buffer(size, Element.F32, Role.OUTPUT)
    assert package.output_bytes == size
    assert len(package.stages) == 1
