"""The root command, and how errors become exit statuses."""

import logging
from pathlib import Path

import click

from keeper.cli.crash import report_crash
from keeper.cli.interrupts import INTERRUPTED
from keeper.cli.options.settings import ProfileOption, variable
from keeper.cli.registry import RegisteredCommands
from keeper.errors import BadInputError, KeeperError
from keeper.telemetry import configure_logs

LOG = logging.getLogger(__name__)

FAILED = 1
BAD_INPUT = 2


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


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status."""
    try:
        status = cli.main(arguments, prog_name="neurolov", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (Exception, BaseExceptionGroup) as error:
        LOG.debug("the command failed", exc_info=error)
        found = _expected(error)
        click.echo(f"error: {report_crash(error) if found is None else _said(found)}", err=True)
        return BAD_INPUT if isinstance(found, BadInputError) else FAILED
    return status if isinstance(status, int) else 0


def _said(error: KeeperError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _expected(error: BaseException) -> KeeperError | OSError | None:
    """Returns the first error, of groups within groups, that says what a user can do."""
    match error:
        case KeeperError():
            return error
        case OSError(filename=str() | Path(), strerror=str()):
            return error
        case BaseExceptionGroup():
            found = [_expected(inner) for inner in error.exceptions]
            return next((each for each in found if each is not None), None)
    return None
