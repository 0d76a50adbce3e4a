"""What commands print: the answer on standard output, progress on standard error."""

import json
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def json_option(command: Command) -> Command:
    """Adds --json, which prints one JSON document to standard output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
    )(command)


def tell(line: str) -> None:
    """Prints a line of progress to standard error; standard output is left to the answer."""
    click.echo(line, err=True)


def answer(document: dict[str, Any], as_json: bool, *lines: str) -> None:
    """Prints the document as JSON, or the lines as text."""
    if as_json:
        click.echo(json.dumps(document, indent=2, sort_keys=True))
    else:
        for line in lines:
            click.echo(line)
