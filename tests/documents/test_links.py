"""Every relative link of every document leads to a file, and every fragment to a heading."""

import re
from pathlib import Path

import pytest

from tests.documents.tree import ROOT, files

FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
INLINE = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def links(text: str) -> list[str]:
    """Targets of a document's links, outside of code."""
    prose = CODE.sub("", FENCED.sub("", text))
    return INLINE.findall(prose) + REFERENCE.findall(prose)


def anchors(text: str) -> set[str]:
    """What a fragment may name: GitHub's form of each heading."""
    headings = HEADING.findall(FENCED.sub("", text))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def broken(text: str, folder: Path) -> list[str]:
    """The relative links that lead nowhere from a document in `folder`."""
    missing = []
    for link in links(text):
        if ELSEWHERE.match(link):
            continue
        path, _, fragment = link.partition("#")
        target = (folder / path).resolve()
        inside = target == ROOT or ROOT in target.parents
        if not (inside and target.exists()):
            missing.append(link)
        elif fragment:
            headed = target.read_text("utf-8") if path else text
            if fragment not in anchors(headed):
                missing.append(link)
    return missing


@pytest.mark.parametrize("document", files(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_resolves(document: Path) -> None:
    assert broken(document.read_text("utf-8"), document.parent) == []


def test_links_in_code_and_to_other_sites_are_not_judged() -> None:
    text = "`[x](y)`\n```\n[code](not/a/link)\n```\n[web](https://example.org/x.md)\n[a]: b.md\n"
    assert links(text) == ["https://example.org/x.md", "b.md"]
    assert broken(text, ROOT) == ["b.md"]


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("README.md", True),
        ("README.md#develop", True),
        ("#a-heading-of-two-words", True),
        ("programs/", True),
        ("README.md#nothing", False),
        ("#nothing", False),
        ("nothing.md", False),
        ("../README.md", False),
    ],
)
def test_links_are_judged_from_the_documents_folder(link: str, leads: bool) -> None:
    text = f"# A heading: of two, words\n[there]({link})\n"
    assert broken(text, ROOT) == ([] if leads else [link])
