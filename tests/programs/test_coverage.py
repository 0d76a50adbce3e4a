"""Every instruction of every IDL has at least one test that succeeds and one that is refused."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from neurolov_client import PROGRAMS

FOLDER = Path(__file__).parent
INSTRUCTIONS = [
    (program, name) for program, module in PROGRAMS.items() for name in module.INSTRUCTIONS
]


def missing(path: Path) -> list[str]:
    """Returns what an instruction's test file lacks."""
    if not path.exists():
        return [f"{path.name} does not exist"]
    calls = [_methods(test) for test in _tests(ast.parse(path.read_text("utf-8")))]
    # A test may continue after a refusal with a step that takes effect, or end with a refusal.
    succeeds = any("fails" not in methods or "send" in methods for methods in calls)
    refuses = any("fails" in methods for methods in calls)
    lacking = [] if succeeds else ["no test in which it succeeds"]
    return lacking if refuses else [*lacking, "no test in which world.fails refuses it"]


def _tests(module: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def _methods(test: ast.FunctionDef) -> set[str]:
    """Returns the names of the methods that a test calls."""
    return {
        node.func.attr
        for node in ast.walk(test)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


@pytest.mark.parametrize(("program", "instruction"), INSTRUCTIONS)
def test_an_instruction_has_happy_and_unhappy_tests(program: str, instruction: str) -> None:
    assert missing(FOLDER / program / f"test_{instruction}.py") == []


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        ("", ["no test in which it succeeds", "no test in which world.fails refuses it"]),
        (
            "def test_a(world):\n    world.send()\n",
            ["no test in which world.fails refuses it"],
        ),
        (
            "def test_a(world):\n    world.fails('X')\n",
            ["no test in which it succeeds"],
        ),
        (
            "def helper(world):\n    world.fails(1)\ndef test_a(world):\n    world.send()\n",
            ["no test in which world.fails refuses it"],
        ),
        ("def test_a(world):\n    world.send()\n    world.fails('X')\n", []),
        (
            "def test_a(world):\n    world.send()\ndef test_b(world):\n    world.fails('X')\n",
            [],
        ),
    ],
)
def test_the_check_sees_what_is_missing(tmp_path: Path, source: str, lacking: list[str]) -> None:
    path = tmp_path / "test_stake.py"
    path.write_text(source, "utf-8")
    assert missing(path) == lacking


def test_the_check_sees_a_missing_file(tmp_path: Path) -> None:
    assert missing(tmp_path / "test_stake.py") == ["test_stake.py does not exist"]
