"""`neurolov job`: submit a job, show its status, fetch its result, cancel it."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "cancel": "keeper.cli.job.cancel:cancel",
    "result": "keeper.cli.job.result:result",
    "status": "keeper.cli.job.status:status",
    "submit": "keeper.cli.job.submit:submit",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def job() -> None:
    """Post jobs and fetch their results."""
