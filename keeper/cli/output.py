"""What commands print: the answer on standard output, progress on standard error."""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from keeper.amounts import nlov

Command = Callable[..., Any]

WIDTH: Final = 80
"""Columns of a line of progress where it goes to no terminal."""
INDENT: Final = "  "
_ADDRESS: Final = re.compile(r"\b[1-9A-HJ-NP-Za-km-z]{32,44}\b")
_HEAD: Final = re.compile(r" +|[a-z][A-Za-z ]{0,11}: +")
"""What the rest of a folded line stands below: nothing, or the text after a label."""
_COMMAND: Final = re.compile(r"\bneurolov [^`;)]*[^`;) ]")
_JOINT: Final = "\0"
"""Stands for a space at which a line must not end."""
_PRINTED: Final[set[str]] = set()
"""The addresses that this process has printed whole as progress."""


def json_option(command: Command) -> Command:
    """Adds --json, which prints one JSON document to standard output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
    )(command)


def tell(text: str) -> None:
    """Prints progress to standard error; standard output is left to the answer.

    Text that a line has no room for goes on in the next line, between words. An address stays
    whole, unless it was printed whole before and the line is too long for it.
    """
    width = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stderr.isatty() else WIDTH
    for line in text.split("\n"):
        click.echo("\n".join(_folded(line, width)), err=True)


def _folded(line: str, width: int) -> list[str]:
    if len(line) > width and not _COMMAND.search(line):
        line = _ADDRESS.sub(lambda found: _short(found.group()), line)
    _PRINTED.update(_ADDRESS.findall(line))
    head = _HEAD.match(line)
    indent = " " * len(head.group()) if head else INDENT
    # A command that is told has to work when it is copied, so no line ends within it.
    joined = _COMMAND.sub(lambda found: found.group().replace(" ", _JOINT), line)
    folded = textwrap.wrap(
        joined, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [each.replace(_JOINT, " ") for each in folded]


def _short(address: str) -> str:
    return f"{address[:8]}…" if address in _PRINTED else address


def answer(
    document: Mapping[str, Any], as_json: bool, *lines: str, amounts: Collection[str] = ()
) -> None:
    """Prints the document as JSON, or the lines as text, or what `told` makes of the document."""
    if as_json:
        click.echo(json.dumps(document, indent=2, sort_keys=True))
    else:
        for line in lines or told(document, amounts):
            click.echo(line)


def told(document: Mapping[str, Any], amounts: Collection[str] = ()) -> Iterator[str]:
    """Yields a document as lines of text: `name: value`, what is nested indented.

    `amounts` are the names of entries that are base units of $NLOV.
    """
    for key, value in document.items():
        name = key.replace("_", " ")
        match value:
            case Mapping() if value:
                yield f"{name}:"
                yield from (f"{INDENT}{line}" for line in told(value, amounts))
            case [*items] if any(isinstance(item, Mapping) for item in items):
                yield f"{name}:"
                for item in items:
                    yield from _listed(item, amounts)
            case _:
                yield f"{name}: {_word(value, key in amounts)}"


def _listed(item: object, amounts: Collection[str]) -> Iterator[str]:
    lines = list(told(item, amounts)) if isinstance(item, Mapping) else [_word(item, False)]
    for number, line in enumerate(lines):
        yield f"{INDENT}{'- ' if number == 0 else INDENT}{line}"


def _word(value: object, is_amount: bool) -> str:
    match value:
        case None:
            word = "none"
        case bool():
            word = "yes" if value else "no"
        case int():
            word = f"{nlov(value)} NLOV" if is_amount else f"{value:,}"
        case float():
            word = f"{value:g}"
        case str():
            word = value
        case Sequence() | Mapping():
            word = ", ".join(_word(each, is_amount) for each in value) or "none"
        case _:
            word = str(value)
    return word
