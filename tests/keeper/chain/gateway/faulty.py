"""An RPC endpoint that answers from a script before it passes requests on."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web


@dataclass
class FaultyNode:
    """Answers each request with the next of `script`; None passes it on to `upstream`."""

    upstream: str
    script: list[Callable[[], web.Response] | None] = field(default_factory=list)
    requests: int = 0
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        step = self.script.pop(0) if self.script else None
        if step is not None:
            return step()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.upstream, data=await request.read(), headers=_JSON) as answer,
        ):
            return web.Response(body=await answer.read(), headers=_JSON)


_JSON = {"Content-Type": "application/json"}


def status(code: int) -> Callable[[], web.Response]:
    return lambda: web.Response(status=code, text="no")


def body(text: str) -> Callable[[], web.Response]:
    return lambda: web.Response(text=text, headers=_JSON)


@asynccontextmanager
async def faulty_node(
    upstream: str, script: Sequence[Callable[[], web.Response] | None]
) -> AsyncIterator[FaultyNode]:
    node = FaultyNode(upstream, list(script))
    app = web.Application()
    app.router.add_post("/", node.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    node.url = f"http://{host}:{port}"
    try:
        yield node
    finally:
        await runner.cleanup()
