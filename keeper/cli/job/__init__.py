"""`neurolov job`: quote, submit, follow, list, show, fetch, cancel and close jobs."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "cancel": "keeper.cli.job.cancel:cancel",
    "close": "keeper.cli.job.close:close",
    "follow": "keeper.cli.job.follow:follow",
    "list": "keeper.cli.job.listing:list_jobs",
    "quote": "keeper.cli.job.quote:quote",
    "result": "keeper.cli.job.result:result",
    "status": "keeper.cli.job.status:status",
    "submit": "keeper.cli.job.submit:submit",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def job() -> None:
    """Post jobs, follow them and fetch their results."""
