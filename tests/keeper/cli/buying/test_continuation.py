"""The command that an interrupted buyer is told to go on with."""

from pathlib import Path

import click
from click.testing import CliRunner

from keeper.cli.app import run
from keeper.cli.buying.continuation import going_on
from keeper.cli.options import KeyOptions, key_command
from keeper.cli.options.settings import ProfileOption


@click.command()
@key_command
def waits(key: KeyOptions) -> None:
    """Tells how to go on."""
    assert key.settings.poll_seconds > 0
    click.echo(going_on("job", "follow", "JOB"))


def test_a_profile_before_the_command_is_repeated() -> None:
    assert run(["config", "set", "url", "http://127.0.0.1:9", "--profile", "buyer"]) == 0
    outer = click.Group("neurolov", params=[ProfileOption()], commands={"waits": waits})
    found = CliRunner().invoke(outer, ["--profile", "buyer", "waits"])
    assert found.exit_code == 0, found.output
    assert found.output == "neurolov job follow JOB --profile buyer\n"


def test_options_of_the_command_line_are_repeated(tmp_path: Path) -> None:
    found = CliRunner().invoke(
        waits, ["--folder", str(tmp_path / "a b"), "--allow-private", "--poll", "0.1"]
    )
    assert found.exit_code == 0, found.output
    assert found.output == (
        f"neurolov job follow JOB --folder '{tmp_path / 'a b'}' --allow-private\n"
    )


def test_what_the_environment_says_is_not_repeated() -> None:
    found = CliRunner(env={"NEUROLOV_URL": "http://127.0.0.1:9"}).invoke(waits)
    assert found.exit_code == 0, found.output
    assert found.output == "neurolov job follow JOB\n"
