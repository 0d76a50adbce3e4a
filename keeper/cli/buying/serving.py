"""Serving the data of work that an earlier process posted."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import click
from click.core import ParameterSource

from keeper.cli.options import tell
from keeper.configuration import Serving
from keeper.data import BlobStore, DataError
from keeper.errors import PortInUseError
from keeper.node.buying.submissions import Submission
from keeper.node.connection import Connection
from keeper.node.services import open_storage

LISTING_BYTES = 1 << 20
"""More than a list of digests takes."""


def serving_is_told() -> bool:
    """Returns whether the present command was told where to serve."""
    context = click.get_current_context()
    return any(
        context.get_parameter_source(option) is ParameterSource.COMMANDLINE
        for option in ("host", "port", "public_url")
    )


def serving_as(serving: Serving, before: Submission | None) -> Serving:
    """Returns how to serve where the data of a submission were announced to be."""
    if before is None:
        return serving
    return replace(serving, host=before.host, port=before.port, public_url=before.public_url)


@asynccontextmanager
async def served_again(
    connection: Connection, serving: Serving, source: str, listed: bytes, *, ended: bool
) -> AsyncIterator[BlobStore]:
    """Yields the folder's store while it is served, as it was announced, at the URL `source`.

    Work that has `ended` needs no data any more, and nothing is served.

    Where another process of the folder serves there, nothing else is needed: what hashes to
    `listed` is then found at `source`. Otherwise raises PortInUseError.
    """
    if ended:
        yield BlobStore(connection.folder, serving.quota_bytes)
        return
    async with AsyncExitStack() as stack:
        try:
            storage = await stack.enter_async_context(open_storage(connection.folder, serving))
        except PortInUseError as error:
            try:
                await connection.client.fetch(source, listed.hex(), LISTING_BYTES)
            except DataError:
                raise error from None
            tell(f"another process of the folder serves the data at {source}")
            yield BlobStore(connection.folder, serving.quota_bytes)
            return
        if storage.url != source:
            tell(
                f"the data are served at {storage.url}, and were announced at {source}: whoever "
                "still needs them finds them only there"
            )
        yield storage.store
