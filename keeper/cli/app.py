"""The root command, and how errors become exit statuses."""

import sys

import click

from keeper.cli.registry import RegisteredCommands
from keeper.errors import BadInputError, KeeperError
from keeper.telemetry import configure_logs

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


@click.group(
    cls=RegisteredCommands,
    context_settings={"auto_envvar_prefix": "NEUROLOV", "max_content_width": 100},
)
@click.option(
    "--log-level",
    default="WARNING",
    show_default=True,
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    help="Least severe level that is logged.",
)
@click.option("--log-json", is_flag=True, help="Write each log line as one JSON object.")
def cli(log_level: str, log_json: bool) -> None:
    """A marketplace for GPU compute in which nobody has to be trusted.

    Every option can also be set by an environment variable: NEUROLOV_<COMMAND>_<OPTION>.
    """
    configure_logs(log_level.upper(), log_json)


def main() -> None:
    """Runs the command line and exits: 0 done, 1 failed, 2 bad input, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status."""
    try:
        status = cli.main(arguments, prog_name="neurolov", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except KeeperError as error:
        return _told(error)
    except BaseExceptionGroup as group:
        inner = _keeper_error(group)
        if inner is None:
            raise
        return _told(inner)
    return status if isinstance(status, int) else 0


def _told(error: KeeperError) -> int:
    click.echo(f"error: {error}", err=True)
    return BAD_INPUT if isinstance(error, BadInputError) else FAILED


def _keeper_error(group: BaseExceptionGroup[BaseException]) -> KeeperError | None:
    for error in group.exceptions:
        match error:
            case KeeperError():
                return error
            case BaseExceptionGroup():
                if (inner := _keeper_error(error)) is not None:
                    return inner
    return None
