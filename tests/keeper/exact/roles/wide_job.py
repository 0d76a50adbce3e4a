"""A job of 256 outputs with 2 GiB of trace, served by a provider that holds almost none of it.

Nearly every output has one value throughout, so that its bytes and its root are cheap to make. The
last element of all is a lie.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from aiohttp import web
from solders.pubkey import Pubkey

from keeper.data import JobManifest, StageIndex, digest_of
from keeper.exact.decisions.state import Stage
from keeper.exact.roles.archive import ArchivedJob
from kernels.graph import Graph, GraphBuilder, dump
from kernels.trace import TENSOR, inputs_root, pack, stored_roots, tensor_root, trace_root
from kernels.trace.layout import Array

OPERATORS = 256
OUTPUT_BYTES = 1 << 23
TRACE_BYTES = OPERATORS * OUTPUT_BYTES
ROWS, COLUMNS, INNER, PRODUCTS = 8_192, 1_024, 16, 4
LAST = (OPERATORS - 1, OUTPUT_BYTES - 1)
JOB = Pubkey.from_bytes(bytes([7]) * 32)
PIECE_BYTES = 1 << 20


def wide_graph() -> Graph:
    """Four products, then a chain of clamps; each output has 8 MiB."""
    build = GraphBuilder()
    left, clamped = build.input((ROWS // 4, INNER)), build.input((ROWS, COLUMNS))
    for number in range(PRODUCTS):
        build.matmul(left, np.full((COLUMNS, INNER), number + 1, np.int8))
    for number in range(OPERATORS - PRODUCTS):
        clamped = build.relu(clamped, number - 128)
    return build.build()


def wide_inputs() -> list[Array]:
    """Ones, and the smallest int8 everywhere."""
    ones = np.ones((1, 1, ROWS // 4, INNER), np.int8)
    return [ones, np.full((1, 1, ROWS, COLUMNS), -128, np.int8)]


def repeated(number: int) -> bytes:
    """The four bytes that an output repeats."""
    if number < PRODUCTS:
        return (INNER * (number + 1)).to_bytes(4, "little")
    return (number - PRODUCTS - 128).to_bytes(1, "little", signed=True) * 4


def output(number: int) -> bytes:
    """The canonical bytes that are served."""
    data = repeated(number) * (OUTPUT_BYTES // 4)
    return data[:-1] + b"\x7f" if number == OPERATORS - 1 else data


def root_of(number: int) -> bytes:
    """The tensor root of an output: where all leaves are equal, one node per level."""
    if number == OPERATORS - 1:
        return stored_roots([output(number)])[0]
    node = TENSOR.leaf(repeated(number) * 64)
    for _ in range((OUTPUT_BYTES // 256).bit_length() - 1):
        node = TENSOR.node(node, node)
    return node


@dataclass(frozen=True, slots=True)
class WideJob:
    """What the chain would say of it, and where each blob comes from."""

    job: ArchivedJob
    stage: Stage
    index: StageIndex
    blobs: dict[str, bytes]
    outputs: dict[str, int]

    def bytes_of(self, digest: str) -> bytes:
        number = self.outputs.get(digest)
        return self.blobs[digest] if number is None else output(number)


def wide_job() -> WideJob:
    """Made anew: its provider is nobody, and it is served wherever `serve` says."""
    graph, inputs = wide_graph(), wide_inputs()
    stored = [dump(graph), *(pack(array).tobytes() for array in inputs)]
    manifest = JobManifest(digest_of(stored[0]), tuple(map(digest_of, stored[1:])))
    roots = [root_of(number) for number in range(OPERATORS)]
    outputs = {sha256(output(number)).hexdigest(): number for number in range(OPERATORS)}
    index = StageIndex(
        str(JOB),
        0,
        OPERATORS,
        trace_root(roots).hex(),
        tuple(outputs),
        tuple(root.hex() for root in roots),
    )
    job = ArchivedJob(
        job=str(JOB),
        source="",
        manifest_digest=manifest.digest,
        spec=graph.spec_root.hex(),
        inputs=inputs_root([tensor_root(array) for array in inputs]).hex(),
    )
    blobs = {digest_of(each): each for each in (*stored, manifest.to_bytes())}
    stage = Stage(Pubkey.default(), trace_root(roots), 0, OPERATORS)
    return WideJob(job, stage, index, blobs, outputs)


@asynccontextmanager
async def served(wide: WideJob) -> AsyncIterator[str]:
    """Serve the job, one output in memory at a time, and yield the URL."""

    async def blob(request: web.Request) -> web.StreamResponse:
        data = wide.bytes_of(request.match_info["digest"])
        response = web.StreamResponse()
        response.content_length = len(data)
        await response.prepare(request)
        for piece in pieces(data):
            await response.write(piece)
        return response

    async def index(_: web.Request) -> web.Response:
        return web.Response(body=wide.index.to_bytes())

    application = web.Application()
    application.router.add_get("/blobs/{digest}", blob)
    application.router.add_get("/jobs/{job}/{root}", index)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def pieces(data: bytes) -> Iterator[memoryview]:
    """The data in parts that are sent one after the other."""
    view = memoryview(data)
    return (view[at : at + PIECE_BYTES] for at in range(0, len(view), PIECE_BYTES))
