"""The catalogue of attacks and the tests name each other."""

import re

from tests.documents.tree import ROOT, files

NAMED = re.compile(r"`(test_\w+)`")
SECTION = re.compile(r"^### (\d+)\. .*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)
DEFINED = re.compile(r"^\s*(?:async )?def (test_\w+)\(", re.MULTILINE)
NUMBERED = re.compile(r"test_attack_0*(\d+)_")
ATTACKS = 46

CATALOGUE = (ROOT / "docs" / "attacks.md").read_text("utf-8")


def defined() -> set[str]:
    """Every test function of the tree."""
    tests = (path for path in files(".py") if (ROOT / "tests") in path.parents)
    return {name for path in tests for name in DEFINED.findall(path.read_text("utf-8"))}


def sections() -> dict[int, str]:
    return {int(found[1]): found[0] for found in SECTION.finditer(CATALOGUE)}


def test_every_named_test_exists() -> None:
    assert set(NAMED.findall(CATALOGUE)) - defined() == set()


def test_every_test_of_an_attack_is_named() -> None:
    attacks = {name for name in defined() if name.startswith("test_attack_")}
    assert attacks - set(NAMED.findall(CATALOGUE)) == set()


def test_every_numbered_test_is_named_under_its_number() -> None:
    for number, text in sections().items():
        numbered = [NUMBERED.match(name) for name in NAMED.findall(text)]
        assert {int(found[1]) for found in numbered if found is not None} <= {number}


def test_every_attack_is_shown_by_a_test_or_said_not_to_be_built() -> None:
    assert list(sections()) == list(range(1, ATTACKS + 1))
    for number, text in sections().items():
        assert bool(NAMED.findall(text)) != ("**Not built yet.**" in text), number
