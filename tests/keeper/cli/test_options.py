"""Options that reach every command of a cluster through the settings."""

import click
import pytest
from click.testing import CliRunner

from keeper.cli.options import cluster_options
from keeper.configuration import NodeSettings


@click.command()
@cluster_options
def shown(settings: NodeSettings) -> None:
    click.echo(settings.allow_private)


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "False"),
        (["--allow-private"], {}, "True"),
        ([], {"NEUROLOV_ALLOW_PRIVATE": "1"}, "True"),
        ([], {"NEUROLOV_ALLOW_PRIVATE": "0"}, "False"),
    ],
)
def test_private_addresses_need_permission(
    arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    ran = CliRunner().invoke(shown, arguments, env=environment)
    assert (ran.exit_code, ran.output.strip()) == (0, expected)


def test_a_permission_that_is_neither_yes_nor_no_is_refused() -> None:
    ran = CliRunner().invoke(shown, env={"NEUROLOV_ALLOW_PRIVATE": "perhaps"})
    assert ran.exit_code == 2
    assert "'perhaps' is not a valid boolean" in ran.output
