"""HTTP server over a store.

It serves `/blobs/<sha256>` with ranges and, as JSON, `/jobs/<job>/<root>` and, on a node that runs
tasks, `/tasks/<task>/<root>`. A provider also serves `/jobs/<job>/<root>/sums/<operator>`. Imported
by whoever serves: it loads aiohttp.
"""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from keeper.data.errors import BlobMissingError, BusyError
from keeper.data.stage_indexes import StageIndexes
from keeper.data.store import BlobStore
from keeper.data.sums import SumsSource
from keeper.errors import PortInUseError

PIECE_BYTES = 1 << 20
SHUTDOWN_SECONDS = 1.0
STORE = web.AppKey("store", BlobStore)
INDEXES = web.AppKey("indexes", dict[str, StageIndexes])
SUMS = web.AppKey("sums", SumsSource)


def data_application(
    store: BlobStore,
    indexes: StageIndexes,
    tasks: StageIndexes | None = None,
    sums: SumsSource | None = None,
) -> web.Application:
    """Returns the web application. It reads the store and never writes to it."""
    application = web.Application()
    application[STORE] = store
    application[INDEXES] = {"jobs": indexes} | ({} if tasks is None else {"tasks": tasks})
    application[SUMS] = sums or SumsSource()
    application.router.add_get("/blobs/{digest:[0-9a-f]{64}}", _blob)
    application.router.add_get(
        "/{kind:jobs|tasks}/{job:[1-9A-HJ-NP-Za-km-z]{32,44}}/{root:[0-9a-f]{64}}", _stage
    )
    application.router.add_get(
        "/jobs/{job:[1-9A-HJ-NP-Za-km-z]{32,44}}/{root:[0-9a-f]{64}}/sums/{operator:[0-9]{1,3}}",
        _sums,
    )
    return application


@asynccontextmanager
async def serve_data(
    store: BlobStore,
    indexes: StageIndexes,
    host: str,
    port: int,
    tasks: StageIndexes | None = None,
    *,
    sums: SumsSource | None = None,
) -> AsyncIterator[str]:
    """Serve while the block runs and yield the base URL. Port 0 takes a free port.

    Raises PortInUseError when another process listens there.
    """
    application = data_application(store, indexes, tasks, sums)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUseError(
                f"{host}:{port} is in use; choose another port for the data server"
            ) from error
        bound = runner.addresses[0][1]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


async def _blob(request: web.Request) -> web.StreamResponse:
    store = request.app[STORE]
    digest = request.match_info["digest"]
    try:
        length = store.size(digest)
    except BlobMissingError as error:
        raise web.HTTPNotFound(text=str(error)) from error
    start, stop = _range(request, length)
    partial = "Range" in request.headers
    response = web.StreamResponse(status=206 if partial else 200)
    response.content_type = "application/octet-stream"
    response.content_length = stop - start
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{digest}"'
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if partial:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
    await response.prepare(request)
    if request.method != "HEAD":
        for at in range(start, stop, PIECE_BYTES):
            piece = await asyncio.to_thread(store.read, digest, at, min(at + PIECE_BYTES, stop))
            await response.write(piece)
    await response.write_eof()
    return response


def _range(request: web.Request, length: int) -> tuple[int, int]:
    unsatisfiable = web.HTTPRequestRangeNotSatisfiable(
        headers={"Content-Range": f"bytes */{length}"}
    )
    try:
        wanted = request.http_range
    except ValueError as error:
        raise unsatisfiable from error
    start, stop, _ = wanted.indices(length)
    if "Range" in request.headers and start >= stop:
        raise unsatisfiable
    return start, stop


async def _stage(request: web.Request) -> web.Response:
    indexes = request.app[INDEXES].get(request.match_info["kind"])
    if indexes is None:
        raise web.HTTPNotFound(text="this node runs no tasks")
    try:
        index = await asyncio.to_thread(
            indexes.get, request.match_info["job"], request.match_info["root"]
        )
    except BlobMissingError as error:
        raise web.HTTPNotFound(text=str(error)) from error
    return web.Response(body=index.to_bytes(), content_type="application/json")


async def _sums(request: web.Request) -> web.Response:
    job, root = request.match_info["job"], request.match_info["root"]
    try:
        told = await request.app[SUMS].get(job, root, int(request.match_info["operator"]))
    except BusyError as error:
        raise web.HTTPServiceUnavailable(text=str(error)) from error
    except (BlobMissingError, ValueError) as error:
        raise web.HTTPNotFound(text=str(error)) from error
    return web.Response(body=told, content_type="application/octet-stream")
