"""Generates from the committed IDLs: `python -m idl.generation [--check]`."""

import json
import sys

import click

from idl.generation import outputs
from idl.generation.schema import SchemaError


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file has drifted.")
def main(check: bool) -> None:
    """Write everything that is generated from the committed IDLs."""
    try:
        if not check:
            outputs.write()
            return
        drifted = outputs.drifted()
    except (SchemaError, OSError, KeyError, json.JSONDecodeError) as error:
        raise click.UsageError(f"cannot read the IDLs: {error}") from error
    if drifted:
        click.echo(
            f"bindings differ from the IDLs: {', '.join(path.name for path in drifted)}; "
            "run python -m idl.generation",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
