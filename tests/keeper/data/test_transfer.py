"""Server and client against each other, and the client against servers that misbehave."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from keeper.data import (
    BlobClient,
    BlobMissingError,
    BlobStore,
    BlobTooLargeError,
    DigestMismatchError,
    MalformedDocumentError,
    SourceUnavailableError,
    StageIndex,
    StageIndexes,
    TransferLimits,
    digest_of,
    open_client,
)
from keeper.data.server import serve_data
from keeper.errors import PortInUseError

JOB = "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne"
DATA = random.Random(0).randbytes(3_000_000)
DIGEST = digest_of(DATA)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(root: Path) -> AsyncIterator[tuple[str, BlobStore, StageIndexes]]:
    store, indexes = BlobStore(root, 1 << 26), StageIndexes(root)
    async with serve_data(store, indexes, "127.0.0.1", 0) as url:
        yield url, store, indexes


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client(**limits: float) -> AsyncIterator[BlobClient]:
    bounds = TransferLimits(**limits)  # type: ignore[arg-type]
    async with open_client(allow_private=True, limits=bounds) as opened:
        yield opened


async def fetch_from(handler: Handler, **limits: float) -> bytes:
    async with server(handler) as url, client(**limits) as peer:
        return await peer.fetch(url, DIGEST)


def test_a_blob_travels(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path / "a") as (url, store, _), client() as peer:
            store.put(DATA)
            assert await peer.fetch(url, DIGEST) == DATA
            mine = BlobStore(tmp_path / "b", 1 << 26)
            await peer.fetch_into(mine, url, DIGEST)
            assert mine.get(DIGEST) == DATA

    asyncio.run(run())


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("0-9", 0, 10),
        ("65530-65550", 65_530, 65_551),
        ("2999990-", 2_999_990, 3_000_000),
        ("-5", 2_999_995, 3_000_000),
    ],
)
def test_ranges_are_served(tmp_path: Path, wanted: str, start: int, stop: int) -> None:
    async def run() -> None:
        async with served(tmp_path) as (url, store, _), aiohttp.ClientSession() as session:
            store.put(DATA)
            headers = {"Range": f"bytes={wanted}"}
            async with session.get(f"{url}/blobs/{DIGEST}", headers=headers) as response:
                assert response.status == 206
                assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/3000000"
                assert await response.read() == DATA[start:stop]

    asyncio.run(run())


@pytest.mark.parametrize("wanted", ["bytes=3000000-", "bytes=9-2", "lines=1-2"])
def test_a_range_that_cannot_be_served_is_refused(tmp_path: Path, wanted: str) -> None:
    async def run() -> None:
        async with served(tmp_path) as (url, store, _), aiohttp.ClientSession() as session:
            store.put(DATA)
            async with session.get(f"{url}/blobs/{DIGEST}", headers={"Range": wanted}) as response:
                assert response.status == 416
                assert response.headers["Content-Range"] == "bytes */3000000"

    asyncio.run(run())


def test_head_tells_the_size(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path) as (url, store, _), aiohttp.ClientSession() as session:
            store.put(DATA)
            async with session.head(f"{url}/blobs/{DIGEST}") as response:
                assert response.status == 200
                assert response.headers["Content-Length"] == "3000000"
                assert response.headers["ETag"] == f'"{DIGEST}"'

    asyncio.run(run())


@pytest.mark.parametrize(
    "path", [f"blobs/{DIGEST}", "blobs/..%2fstore.key", "store.key", f"jobs/{JOB}/{DIGEST}"]
)
def test_what_is_not_there_is_not_found(tmp_path: Path, path: str) -> None:
    async def run() -> None:
        async with (
            served(tmp_path) as (url, _, _),
            aiohttp.ClientSession() as session,
            session.get(f"{url}/{path}") as response,
        ):
            assert response.status == 404

    asyncio.run(run())


def test_a_stage_index_travels(tmp_path: Path) -> None:
    index = StageIndex(JOB, 0, 1, DIGEST, (digest_of(b"output"),), (digest_of(b"root"),))

    async def run() -> None:
        async with served(tmp_path) as (url, _, indexes), client() as peer:
            indexes.put(index)
            assert await peer.fetch_index(url, JOB, DIGEST) == index
            assert indexes.jobs() == [JOB]
            assert indexes.of_job(JOB) == [index]
            indexes.remove(JOB)
            with pytest.raises(BlobMissingError):
                indexes.get(JOB, DIGEST)
            with pytest.raises(SourceUnavailableError, match="404"):
                await peer.fetch_index(url, JOB, DIGEST)

    asyncio.run(run())


def test_the_output_of_a_task_travels_apart_from_jobs(tmp_path: Path) -> None:
    index = StageIndex(JOB, 0, 1, DIGEST, (digest_of(b"output"),), (DIGEST,))

    async def run() -> None:
        store, jobs = BlobStore(tmp_path, 1 << 26), StageIndexes(tmp_path)
        tasks = StageIndexes(tmp_path, "tasks")
        async with serve_data(store, jobs, "127.0.0.1", 0, tasks) as url, client() as peer:
            tasks.put(index)
            assert await peer.fetch_index(url, JOB, DIGEST, "tasks") == index
            assert jobs.jobs() == []
            with pytest.raises(SourceUnavailableError, match="404"):
                await peer.fetch_index(url, JOB, DIGEST)

    asyncio.run(run())


def test_a_node_without_tasks_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path) as (url, _, _), client() as peer:
            with pytest.raises(SourceUnavailableError, match="404"):
                await peer.fetch_index(url, JOB, DIGEST, "tasks")

    asyncio.run(run())


def test_the_index_of_another_stage_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        other = StageIndex(JOB, 0, 1, digest_of(b"other"), (DIGEST,), (DIGEST,))
        return web.Response(body=other.to_bytes())

    async def run() -> None:
        async with server(handler) as url, client() as peer:
            with pytest.raises(DigestMismatchError):
                await peer.fetch_index(url, JOB, DIGEST)

    asyncio.run(run())


def test_an_index_that_is_no_index_is_refused() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    async def run() -> None:
        async with server(handler) as url, client() as peer:
            with pytest.raises(MalformedDocumentError):
                await peer.fetch_index(url, JOB, DIGEST)

    asyncio.run(run())


def test_other_bytes_are_refused_and_not_stored(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=DATA[:-1] + b"?")

    async def run() -> None:
        store = BlobStore(tmp_path, 1 << 26)
        async with server(handler) as url, client() as peer:
            with pytest.raises(DigestMismatchError):
                await peer.fetch(url, DIGEST)
            with pytest.raises(DigestMismatchError):
                await peer.fetch_into(store, url, DIGEST)
        assert DIGEST not in store
        assert store.used_bytes == 0

    asyncio.run(run())


def test_an_endless_body_is_cut_off() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65_536))

    with pytest.raises(BlobTooLargeError, match="1000000 bytes"):
        asyncio.run(fetch_from(handler, max_bytes=1_000_000))


def test_a_silent_peer_times_out() -> None:
    async def run() -> None:
        given_up = asyncio.Event()

        async def handler(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"a")
            await given_up.wait()
            return response

        async with server(handler) as url, client(silence_seconds=0.05, resumes=0) as peer:
            with pytest.raises(SourceUnavailableError):
                await peer.fetch(url, DIGEST)
            given_up.set()

    asyncio.run(run())


def test_a_broken_transfer_goes_on_where_it_stopped() -> None:
    ranges: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        ranges.append(request.headers.get("Range"))
        start = int(ranges[-1].removeprefix("bytes=").removesuffix("-")) if ranges[-1] else 0
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(DATA) - start
        await response.prepare(request)
        stop = len(DATA) if start else 100_000
        await response.write(DATA[start:stop])
        if not start and request.transport is not None:
            request.transport.close()
        return response

    assert asyncio.run(fetch_from(handler)) == DATA
    assert ranges[0] is None
    assert len(ranges) == 2


def test_a_peer_that_keeps_breaking_off_is_given_up() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    with pytest.raises(SourceUnavailableError):
        asyncio.run(fetch_from(handler))


def test_a_redirect_is_not_followed() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:1/")

    with pytest.raises(SourceUnavailableError, match="302"):
        asyncio.run(fetch_from(handler))


@pytest.mark.parametrize("source", ["", "file:///etc", "http://", "http://[", "http://127.0.0.1:1"])
def test_a_source_that_cannot_be_reached(source: str) -> None:
    async def run() -> None:
        async with client() as peer:
            await peer.fetch(source, DIGEST)

    with pytest.raises(SourceUnavailableError):
        asyncio.run(run())


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path) as (url, store, indexes):
            port = int(url.rsplit(":", 1)[1])
            with pytest.raises(PortInUseError, match=f"127.0.0.1:{port} is in use"):
                async with serve_data(store, indexes, "127.0.0.1", port):
                    pass

    asyncio.run(run())


def test_a_data_server_is_known_by_its_answer(tmp_path: Path) -> None:
    async def run() -> None:
        async def moved(_: web.Request) -> web.Response:
            raise web.HTTPFound("http://127.0.0.1/")

        async def anything(_: web.Request) -> web.Response:
            return web.Response(text="welcome")

        async with client() as peer:
            async with served(tmp_path / "a") as (url, _, __):
                await peer.probe(url)
            with pytest.raises(SourceUnavailableError, match="Connection refused"):
                await peer.probe(url)
            for handler, said in ((moved, "redirects are not followed"), (anything, "answers 200")):
                async with server(handler) as other:
                    with pytest.raises(SourceUnavailableError, match=said):
                        await peer.probe(other)

    asyncio.run(run())
