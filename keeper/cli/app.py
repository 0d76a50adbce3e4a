"""The root command, and how errors become exit statuses."""

import sys

import click

from keeper.cli.options.settings import ProfileOption, variable
from keeper.cli.registry import RegisteredCommands
from keeper.errors import BadInputError, KeeperError
from keeper.telemetry import configure_logs

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


@click.group(cls=RegisteredCommands, context_settings={"max_content_width": 100})
@click.option(
    "--log-level",
    default="WARNING",
    show_default=True,
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    envvar=variable("--log-level"),
    help="Least severe level that is logged.",
)
@click.option(
    "--log-json",
    is_flag=True,
    envvar=variable("--log-json"),
    help="Write each log line as one JSON object.",
)
@click.version_option(package_name="neurolov", message="%(package)s %(version)s")
def cli(log_level: str, log_json: bool) -> None:
    """A marketplace for GPU compute in which nobody has to be trusted.

    An option that is not on the command line takes its value from the environment: --url of every
    command from NEUROLOV_URL, that of `job status` alone from NEUROLOV_JOB_STATUS_URL. After that
    comes the chosen profile of the configuration file, for the settings that `neurolov config
    show` lists. Then comes the default.
    """
    configure_logs(log_level.upper(), log_json)


cli.params.append(ProfileOption(envvar=variable("--profile"), show_envvar=True))


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
