"""Adding an operator is one folder and one line in the opcodes; nothing else changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LAST_OPCODE = "    MULTIPLY = 16\n"
NEW_OPCODE = "    MAXIMUM = 17\n"
UNHASHED = "0" * 64

FOLDER = {
    "__init__.py": '"""Larger of two int8 elements."""\n',
    "operator.py": '''"""Larger of two int8 elements."""

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Signature
from kernels.descriptor.signature import NARROW, NARROW_OPERAND
from kernels.exact.operator import Draft, Notes, Operator
from kernels.trace import DType


class Maximum(Operator):
    opcode = Opcode.MAXIMUM
    signature = Signature((NARROW,), (NARROW_OPERAND,))
    notes = Notes(inputs="a; b of a's shape", output="`max(a, b)`", operand_bytes="2", runs="2")

    def evaluate(self, descriptor, operands):
        return np.maximum(operands[0], operands[1])

    def expected_shapes(self, descriptor):
        return descriptor.input_shapes[0], descriptor.input_shapes[0]


def draft(a, b):
    return Draft(Opcode.MAXIMUM, DType.INT8, a, {ConstantSlot.WEIGHTS: b})


OPERATOR = Maximum()
''',
    "benchmark.py": '''"""How the kernel benchmark runs the operator."""

from kernels.exact.benchmark import Case, random, rows_of
from kernels.exact.maximum.operator import draft

NAME = "maximum_int8"


def case(size, declare):
    x = random(1, 1, rows_of(size), size)
    return Case(draft(declare(x), declare(x)), [x, x], bytes=3 * x.nbytes)
''',
    "kernel.wgsl": """@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

fn larger(index: u32) -> u32 {
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let found = max(byte_of(a[index], lane), byte_of(b[index], lane));
        result = insertBits(result, bitcast<u32>(found), 8u * lane, 8u);
    }
    return result;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    if (index < words(tensor_layout(OUTPUT_SHAPE, 1u))) {
        output[index] = larger(index);
    }
}
""",
    "naive.wgsl": """@compute @workgroup_size(64)
fn naive_row(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation(group, groups, local);
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    if (row < tensor.rows) {
        for (var word = 0u; word < tensor.stride / 4u; word++) {
            output[row * (tensor.stride / 4u) + word] = larger(row * (tensor.stride / 4u) + word);
        }
    }
}
""",
    "manifest.toml": f"""operator = "maximum"
opcode = 17
sources = ["../../descriptor/fields.wgsl", "../../trace/layout.wgsl", "kernel.wgsl"]
sha256 = "{UNHASHED}"
entry_point = "main"
comparison = "bit-equal"
bindings = [
    {{ binding = 0, name = "descriptor", access = "read", holds = "the 256 bytes" }},
    {{ binding = 1, name = "output", access = "read_write", holds = "canonical bytes" }},
    {{ binding = 2, name = "a", access = "read", holds = "input 0" }},
    {{ binding = 3, name = "b", access = "read", holds = "input 1" }},
]
""",
}

CASE = """from hypothesis import strategies as st

from kernels.exact.maximum.operator import draft
from kernels.graph import GraphBuilder
from kernels.trace import DType
from tests.kernels.strategies import finish, image, other_operand


@st.composite
def case(draw):
    build = GraphBuilder()
    a = image(draw, build, DType.INT8)
    build.append(draft(a, other_operand(draw, build, a.spec.shape, DType.INT8)))
    return finish(draw, build)
"""

# The tests that every operator's `case` goes through.
SUITES = (
    "tests/kernels/test_conformance.py",
    "tests/kernels/evidence/test_layout.py",
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a copy of the kernels and their tests with one more operator."""
    path = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "kernels", path / "kernels", ignore=ignored)
    shutil.copytree(ROOT / "tests" / "kernels", path / "tests" / "kernels", ignore=ignored)
    (path / "tests" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", path)
    codes = path / "kernels" / "codes.py"
    text = codes.read_text()
    assert text.count(LAST_OPCODE) == 1
    codes.write_text(text.replace(LAST_OPCODE, LAST_OPCODE + NEW_OPCODE))
    folder = path / "kernels" / "exact" / "maximum"
    folder.mkdir()
    for name, content in FOLDER.items():
        (folder / name).write_text(content)
    tests = path / "tests" / "kernels" / "exact" / "maximum"
    tests.mkdir()
    (tests / "__init__.py").touch()
    (tests / "case.py").write_text(CASE)
    return path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python inside the copied tree, which its imports come from."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_added_operator_is_found_computed_judged_and_measured(tree: Path) -> None:
    before = (tree / "kernels" / "README.md").read_text()
    assert "maximum" not in before
    assert run(tree, "kernels.generate", "--check").returncode == 1

    written = run(tree, "kernels.generate")
    assert written.returncode == 0, written.stderr
    assert sorted(Path(line.split()[0]).name for line in written.stdout.splitlines()) == [
        "README.md",
        "manifest.toml",
    ]
    assert run(tree, "kernels.generate", "--check").returncode == 0
    after = (tree / "kernels" / "README.md").read_text()
    added = sorted(set(after.splitlines()) - set(before.splitlines()))
    assert added == [
        "| 17 | maximum | int8 → int8 | a; b of a's shape | `max(a, b)` |",
        "| maximum | 0: not constant. 1: constant 0, or not constant; int8. | none |",
        "| maximum | 1 | 2 | 2 |",
    ]

    checks = run(tree, "pytest", "tests/kernels/exact/added.py", *SUITES, "-k", "maximum or added")
    assert checks.returncode == 0, checks.stdout + checks.stderr


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("kernels/exact/maximum/kernel.wgsl", "maximum: shader is "),
        ("kernels/codes.py", "the operator maximum lies in the folder largest"),
    ],
)
def test_added_operator_that_does_not_fit_is_refused(
    tree: Path, tmp_path: Path, path: str, found: str
) -> None:
    copy = tmp_path / "tree"
    shutil.copytree(tree, copy)
    if path.endswith("wgsl"):
        with (copy / path).open("a") as text:
            text.write("// changed\n")
    else:
        (copy / "kernels/exact/maximum").rename(copy / "kernels/exact/largest")
    loaded = run(copy, "tests.kernels.exact.added")
    assert loaded.returncode == 1
    assert found in loaded.stderr
