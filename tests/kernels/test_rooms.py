"""Imports between the rooms of `kernels` point one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

KERNELS = Path(__file__).parents[2] / "kernels"

# Each room may import the rooms before it, and itself.
ORDER = (
    "codes",
    "scan",
    "trace",
    "descriptor",
    "exact",
    "graph",
    "evidence",
    "tuning",
    "runtime",
)


def imported(path: Path) -> Iterator[str]:
    """Yields every room of kernels that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                found = [f"{module}.{alias.name}" for alias in names]
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case _:
                continue
        for name in found:
            if name.startswith("kernels."):
                yield name.split(".")[1]


def files(room: str) -> list[Path]:
    folder = KERNELS / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [KERNELS / f"{room}.py"]


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_no_room_above_it(room: str) -> None:
    allowed = set(ORDER[: ORDER.index(room) + 1])
    for path in files(room):
        above = set(imported(path)) - allowed
        assert not above, f"{path.relative_to(KERNELS)} imports {', '.join(sorted(above))}"


def test_no_operator_imports_another() -> None:
    operators = {path.parent.name for path in KERNELS.glob("exact/*/operator.py")}
    for name in operators:
        text = (KERNELS / "exact" / name / "operator.py").read_text(encoding="utf-8")
        others = {other for other in operators - {name} if f"kernels.exact.{other}." in text}
        assert not others, f"{name} imports {', '.join(sorted(others))}"
