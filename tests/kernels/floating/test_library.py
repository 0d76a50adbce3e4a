"""Adding a kernel takes one folder; a folder whose source changed is refused."""

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.floating import Call, FloatRunner, Kernel, library
from kernels.floating.conformance import Mismatch, check
from kernels.floating.library import HERE
from kernels.runtime.shader import ManifestError
from kernels.tuning import Space, Tuner
from tests.kernels.floating.test_conformance import agree

TEXT = """struct Parameters { n: u32, scale: f32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element>;
@group(0) @binding(2) var<storage, read> y: array<element>;
@group(0) @binding(3) var<storage, read_write> z: array<element>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    if at.x < parameters.n {
        z[at.x] = element(parameters.scale) * x[at.x] + y[at.x];
    }
}
"""

REFERENCE = """from kernels.floating import Stage, Work


def evaluate(inputs, settings):
    x, y = inputs
    return [x * settings["scale"] + y]


def example(size, element_bytes):
    return {"N": size * size}


def work(dimensions, element_bytes):
    return Work(bytes=3 * dimensions["N"] * element_bytes)


def stages(dimensions, tuning):
    return [Stage("main", (-(-dimensions["N"] // tuning["WORKGROUP"]), 1, 1))]


def naive_invocations(dimensions):
    return dimensions["N"]
"""

MANIFEST = """sha256 = "{digest}"
elements = ["f32"]
parameters = ["N", "scale"]
settings = {{ scale = [0.5, 1.0, -3.0] }}
tuning = {{ WORKGROUP = [32, 64] }}
tolerance = {{ f32 = {{ absolute = 1e-6, relative = 1e-6 }} }}
bindings = [
    {{ name = "parameters", role = "parameters" }},
    {{ name = "x", role = "input", axes = ["N"] }},
    {{ name = "y", role = "input", axes = ["N"] }},
    {{ name = "z", role = "output", axes = ["N"] }},
]
"""


def add_folder(path: Path, text: str = TEXT) -> Kernel:
    """Writes a folder with everything that a kernel needs: a scaled sum."""
    folder = path / "scaled_sum"
    folder.mkdir()
    naive = text.replace("WORKGROUP", "64")
    digest = sha256(f"{text}\n{naive}".encode()).hexdigest()
    for name, content in {
        "kernel.wgsl": text,
        "naive.wgsl": naive,
        "reference.py": REFERENCE,
        "manifest.toml": MANIFEST.format(digest=digest),
    }.items():
        (folder / name).write_text(content)
    return library(path)["scaled_sum_f32"]


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    return add_folder(tmp_path_factory.mktemp("kernels"))


def test_added_folder_is_listed_beside_the_others(tmp_path: Path) -> None:
    add_folder(tmp_path)
    assert set(library(HERE, tmp_path)) - set(library()) == {"scaled_sum_f32"}


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_added_folder_passes_the_same_conformance(
    runner: FloatRunner, added: Kernel, data: st.DataObject
) -> None:
    agree(runner, added, data)


def test_added_folder_is_tuned(runner: FloatRunner, added: Kernel, tmp_path: Path) -> None:
    space, tried = Space.parse(added.tuning), []

    def measure(point: dict[str, int]) -> float:
        tried.append(point["WORKGROUP"])
        check(runner, added, Call([np.ones(9, "<f4")] * 2), point)
        return 1.0 / point["WORKGROUP"]

    tuner = Tuner(runner.adapter, tmp_path, budget_seconds=60.0)
    assert tuner.best(added.sha256, "9", space, measure) == {"WORKGROUP": 64}  # type: ignore[arg-type]
    assert tried == [32, 64]


def test_added_folder_that_computes_something_else_fails(
    runner: FloatRunner, tmp_path: Path
) -> None:
    wrong = add_folder(tmp_path, TEXT.replace("+ y[at.x]", "- y[at.x]"))
    with pytest.raises(Mismatch, match=r"^scaled_sum_f32: z\[0\] is "):
        check(runner, wrong, Call([np.ones(5, "<f4"), np.ones(5, "<f4")]))


@pytest.mark.parametrize("file", ["kernel.wgsl", "naive.wgsl"])
def test_changed_text_is_refused(tmp_path: Path, file: str) -> None:
    shutil.copytree(HERE / "copy", tmp_path / "copy")
    with (tmp_path / "copy" / file).open("a") as text:
        text.write("// changed\n")
    with pytest.raises(ManifestError, match=r"^copy: shader is [0-9a-f]{64}, not the manifest's$"):
        library(tmp_path)


def test_every_folder_is_a_kernel_and_complete() -> None:
    folders = {path.parent for path in HERE.glob("*/*.wgsl")}
    assert {path.parent for path in HERE.glob("*/manifest.toml")} == folders
    for folder in folders:
        assert (folder / "__init__.py").is_file()
        assert (folder / "reference.py").is_file()
