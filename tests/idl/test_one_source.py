"""The programs alone define the chain's codes and limits; nothing retypes them."""

from pathlib import Path

import pytest

from idl.generation.outputs import BINDINGS, CODE_MODULES, schemas
from tests.idl.literals import Literals

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("examples", "idl", "keeper", "kernels", "tests")
GENERATED = {*BINDINGS.glob("*.py"), *(module.path for module in CODE_MODULES)}

LITERALS = Literals([each.constants for each in schemas()])


def copies(folder: Path) -> list[str]:
    """Returns every copy in the folder's Python files, as `path:line: what`."""
    return [
        f"{path.relative_to(ROOT)}:{copy}"
        for path in sorted(folder.rglob("*.py"))
        if path not in GENERATED
        for copy in LITERALS.copies(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_code_or_limit_is_retyped(folder: str) -> None:
    assert copies(ROOT / folder) == []


@pytest.mark.parametrize(
    "source",
    [
        "class Found(IntEnum):\n    ACCEPT = 1\n    REJECT = 2\n",
        "class Found:\n    LOCKED = 0\n    FINAL = 1\n",
        "MAX_STAGES: Final = 8\n",
        "MAX_STAGES = 9\n",
        "_HELD = 2**64 - 1\n",
        "LOCKED, RELEASED = 0, 1\n",
        "DRAWN, CAST, REVEALED = range(3)\n",
        "if job.state == 3:\n    pass\n",
        "ended = verdict.outcome in (1, 4)\n",
        "waiting = 0 != ballot.state\n",
        "world.edit(Job, address, state=2)\n",
    ],
)
def test_a_copy_is_found(source: str) -> None:
    assert len({copy.line for copy in LITERALS.copies(source)}) == 1


@pytest.mark.parametrize(
    "source",
    [
        "class Step(IntEnum):\n    FIRST = 0\n    CAST = 1\n",
        "SEATS = 3\n",
        "HELD: Final = 16 * NLOV\n",
        "STAGES = 8\n",
        "if job.state == JobState.SETTLED:\n    pass\n",
        "if job.attempts == 3 or job.progress == 0:\n    pass\n",
        "world.edit(Job, address, state=JobState.CLAIMED, progress=2)\n",
    ],
)
def test_what_only_looks_like_a_copy_is_not(source: str) -> None:
    assert LITERALS.copies(source) == []
