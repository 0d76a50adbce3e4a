"""`neurolov job`: quote, submit, follow, list, show, fetch, cancel and close jobs."""

import click

from keeper.cli.job.cancel import cancel
from keeper.cli.job.close import close
from keeper.cli.job.follow import follow
from keeper.cli.job.listing import list_jobs
from keeper.cli.job.quote import quote
from keeper.cli.job.result import result
from keeper.cli.job.status import status
from keeper.cli.job.submit import submit


@click.group()
def job() -> None:
    """Post jobs, follow them and fetch their results."""


for command in (cancel, close, follow, list_jobs, quote, result, status, submit):
    job.add_command(command)

__all__ = ["job"]
