"""The root command, and how errors become exit statuses."""

import sys

import click

from keeper.cli.audit import audit
from keeper.cli.challenge import challenge
from keeper.cli.crank import crank
from keeper.cli.doctor import doctor
from keeper.cli.graph import graph
from keeper.cli.job import job
from keeper.cli.key import key
from keeper.cli.models import model
from keeper.cli.provider import provider
from keeper.cli.replay import replay
from keeper.cli.stake import stake
from keeper.cli.task import task
from keeper.cli.verifier import verifier
from keeper.errors import BadInputError, KeeperError
from keeper.lab.commands.bench import bench
from keeper.lab.commands.demo import demo
from keeper.lab.commands.localnet import localnet
from keeper.lab.commands.simulate import simulate
from keeper.lab.commands.train import train
from keeper.telemetry import configure_logs

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


@click.group(context_settings={"auto_envvar_prefix": "NEUROLOV", "max_content_width": 100})
@click.option(
    "--log-level",
    default="WARNING",
    show_default=True,
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
)
@click.option("--log-json", is_flag=True, help="One JSON object a log line.")
def cli(log_level: str, log_json: bool) -> None:
    """A marketplace for GPU compute in which nobody has to be trusted.

    Every option can be set by the environment: NEUROLOV_<COMMAND>_<OPTION>.
    """
    configure_logs(log_level.upper(), log_json)


COMMANDS = (
    audit,
    bench,
    challenge,
    crank,
    demo,
    doctor,
    graph,
    job,
    key,
    localnet,
    model,
    provider,
    replay,
    simulate,
    stake,
    task,
    train,
    verifier,
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run and exit: 0 done, 1 failed, 2 bad input, 130 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; its exit status."""
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
