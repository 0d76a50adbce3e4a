"""`neurolov task quote`: what a task would cost and how long it would take."""

import click

from keeper.cli.options import KeyOptions, answer, key_command, run_async
from keeper.cli.task.offering import task_offer_options
from keeper.cli.task.quoted import QuotedTask, quoted_task
from keeper.configuration import load_keypair
from keeper.node.connection import open_observer
from keeper.tolerant.decisions.offer import TaskOffer


@click.command()
@task_offer_options
@key_command
def quote(*, key: KeyOptions, offer: TaskOffer) -> None:
    """Show what a task would cost, how many providers could join, and when it would end.

    Needs no key. Where there is one, its balance is shown too.
    """
    buyer = load_keypair(key.keypair).pubkey() if key.keypair.exists() else None

    async def work() -> QuotedTask:
        async with open_observer(key.settings) as observer:
            return await quoted_task(observer.gateway, offer, buyer)

    found = run_async(work())
    verdict = () if found.verdict is None else (found.verdict,)
    answer(found.document, key.as_json, *verdict, *found.lines)
