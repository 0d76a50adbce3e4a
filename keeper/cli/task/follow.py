"""`neurolov task follow`: go on with a task that an earlier process posted."""

import click
from solders.pubkey import Pubkey

from keeper.cli.buying.interruption import told_on_interruption
from keeper.cli.buying.serving import served_again, serving_as, serving_is_told
from keeper.cli.options import Address, KeyOptions, key_command, run_async, serving_options, tell
from keeper.cli.outputs import Output, output_options
from keeper.cli.task.ending import Ending, ended, ending_of
from keeper.cli.task.interruption import reached
from keeper.cli.task.submit import DEFAULT_PORT
from keeper.configuration import Serving
from keeper.node.buying.submissions import Submissions
from keeper.node.connection import open_connection
from keeper.tolerant.roles.following import KIND, outputs_of
from keeper.tolerant.roles.mirror import task_mirror
from keeper.tolerant.roles.own_tasks import followable
from keeper.tolerant.roles.submission import TaskWatch, followed


@click.command()
@click.argument("address", type=Address(), metavar="TASK")
@output_options()
@serving_options(DEFAULT_PORT)
@key_command
def follow(key: KeyOptions, address: Pubkey, output: Output | None, serving: Serving) -> int:
    """Go on with TASK until its output is kept and the rest is taken back.

    The data are served again where they were served before, unless --port or --host says otherwise.
    """
    watch = TaskWatch(address)
    told = serving_is_told()

    async def work() -> Ending:
        async with open_connection(key.settings, key.keypair) as connection:
            archive = outputs_of(connection.folder)
            mirror = await task_mirror(connection)
            task, record = followable(connection, mirror, address, tell)
            if output is not None:
                output.require_writable(0, archive.path(address))
            if task is None:
                assert record is not None
                return await ending_of(connection, record, archive)
            before = None if told else Submissions(connection.folder, KIND).of(address)
            serves = serving_as(serving, before)
            async with served_again(
                connection, serves, task.source, task.input, ended=task.ended
            ) as store:
                found = await followed(connection, mirror, store, address, tell=tell, watch=watch)
                return await ending_of(connection, found, archive)

    with told_on_interruption(lambda: reached(watch)):
        ending = run_async(work())
    return ended(key, ending, output)
