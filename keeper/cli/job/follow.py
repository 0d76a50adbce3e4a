"""`neurolov job follow`: go on with a job that an earlier process posted."""

import click
from solders.pubkey import Pubkey

from keeper.cli.buying.interruption import told_on_interruption
from keeper.cli.buying.serving import served_again, serving_as, serving_is_told
from keeper.cli.job.ending import Ending, ended, ending_of
from keeper.cli.job.interruption import reached
from keeper.cli.job.submit import DEFAULT_PORT
from keeper.cli.options import Address, KeyOptions, key_command, run_async, serving_options, tell
from keeper.cli.outputs import Output, output_options
from keeper.configuration import Serving
from keeper.exact.roles.following import KIND, results_of
from keeper.exact.roles.mirror import job_mirror
from keeper.exact.roles.own_jobs import followable
from keeper.exact.roles.submission import Watch, followed
from keeper.node.buying.submissions import Submissions
from keeper.node.connection import open_connection


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@output_options()
@serving_options(DEFAULT_PORT)
@key_command
def follow(key: KeyOptions, address: Pubkey, output: Output | None, serving: Serving) -> int:
    """Go on with JOB until its result is kept and the rest is taken back.

    The data are served again where they were served before, unless --port or --host says otherwise.
    """
    watch = Watch(address)
    told = serving_is_told()

    async def work() -> Ending:
        async with open_connection(key.settings, key.keypair) as connection:
            archive = results_of(connection.folder)
            mirror = await job_mirror(connection)
            job, record = followable(connection, mirror, address, tell)
            if output is not None:
                output.require_writable(0, archive.path(address))
            if job is None:
                assert record is not None
                return await ending_of(connection, record, archive)
            before = None if told else Submissions(connection.folder, KIND).of(address)
            serves = serving_as(serving, before)
            async with served_again(
                connection, serves, job.source, job.manifest, ended=job.ended
            ) as store:
                found = await followed(connection, mirror, store, address, tell=tell, watch=watch)
                return await ending_of(connection, found, archive)

    with told_on_interruption(lambda: reached(watch)):
        ending = run_async(work())
    return ended(key, ending, output)
