"""`neurolov job`: submit a job, show its status, fetch its result, cancel it."""

import click

from keeper.cli.job.cancel import cancel
from keeper.cli.job.result import result
from keeper.cli.job.status import status
from keeper.cli.job.submit import submit


@click.group()
def job() -> None:
    """Post jobs and fetch their results."""


for command in (cancel, result, status, submit):
    job.add_command(command)

__all__ = ["job"]
