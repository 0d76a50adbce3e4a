"""Every example is told of, and every example that is told of exists."""

import re

from tests.examples.network import ROOT

FOLDER = ROOT / "examples"
PROGRAM = re.compile(r"-m examples\.(\w+)")


def test_the_readme_runs_every_python_example_and_no_other() -> None:
    told = PROGRAM.findall((FOLDER / "README.md").read_text("utf-8"))
    assert set(told) == {path.parent.name for path in FOLDER.glob("*/__main__.py")}


def test_every_example_says_how_it_is_run() -> None:
    for path in FOLDER.glob("*/__main__.py"):
        assert PROGRAM.findall(path.read_text("utf-8"))[0] == path.parent.name
