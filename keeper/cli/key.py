"""`neurolov key`: create a key file and show its address."""

from pathlib import Path

import click

from keeper.cli.options import FILE, answer, json_option
from keeper.configuration import create_keypair, load_keypair


@click.group()
def key() -> None:
    """Create and show key files."""


@key.command()
@click.argument("path", type=FILE)
@json_option
def new(path: Path, as_json: bool) -> None:
    """Create a key file that only its owner can read."""
    address = str(create_keypair(path).pubkey())
    answer({"address": address, "path": str(path)}, as_json, f"{address} in {path}")


@key.command()
@click.argument("path", type=FILE)
@json_option
def show(path: Path, as_json: bool) -> None:
    """Show the address of a key file."""
    address = str(load_keypair(path).pubkey())
    answer({"address": address}, as_json, address)
