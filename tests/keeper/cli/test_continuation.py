"""The command that goes on names who acts where, as the first command did."""

import click
import pytest

from keeper.cli.app import cli, run
from keeper.cli.continuation import going_on

SUBMIT = ("--graph", "g", "--input", "i.npy")


def continued(*arguments: str) -> str:
    """What a command line would be told to go on with."""
    context = cli.make_context("neurolov", list(arguments))
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, command, left = context.command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, left, parent=context)
    with context:
        return going_on("job", "follow", "J")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("job", "submit", *SUBMIT), "neurolov job follow J"),
        (
            ("--profile", "buyer", "job", "submit", *SUBMIT),
            "neurolov job follow J --profile buyer",
        ),
        (
            ("job", "submit", *SUBMIT, "--profile", "buyer"),
            "neurolov job follow J --profile buyer",
        ),
        (
            ("--profile", "old", "job", "submit", *SUBMIT, "--profile", "buyer"),
            "neurolov job follow J --profile buyer",
        ),
    ],
)
def test_the_profile_is_carried_wherever_it_stood(arguments: tuple[str, ...], told: str) -> None:
    for profile in ("buyer", "old"):
        assert run(["config", "set", "--profile", profile, "poll", "1"]) == 0
    assert continued(*arguments) == told


def test_options_of_key_folder_and_cluster_are_carried_and_others_are_not() -> None:
    told = continued(
        "job", "submit", *SUBMIT, "--folder", "a b", "--allow-private", "--price", "3"
    ).split(" --")
    assert told[0] == "neurolov job follow J"
    assert sorted(told[1:]) == ["allow-private", "folder 'a b'"]


def test_without_a_command_nothing_is_carried() -> None:
    assert going_on("job", "list") == "neurolov job list"
