"""An RPC endpoint that answers from a script before it passes requests on."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

Forward = Callable[[], Awaitable[web.Response]]
Step = Callable[[Forward], Awaitable[web.Response]]
_JSON = {"Content-Type": "application/json"}


@dataclass
class FaultyNode:
    """Answers with the first step of `script` that is for the request's method.

    A step for "*" is for any method; what no step is for goes on to `upstream`.
    """

    upstream: str
    script: list[tuple[str, Step]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        method = json.loads(content)["method"]
        self.methods.append(method)

        async def forward() -> web.Response:
            async with (
                aiohttp.ClientSession() as session,
                session.post(self.upstream, data=content, headers=_JSON) as answer,
            ):
                return web.Response(body=await answer.read(), headers=_JSON)

        for number, (wanted, step) in enumerate(self.script):
            if wanted in ("*", method):
                del self.script[number]
                try:
                    return await step(forward)
                except ConnectionResetError:
                    assert request.transport is not None
                    request.transport.abort()
                    return web.Response()
        return await forward()


def status(code: int) -> Step:
    """Refuse with an HTTP status."""

    async def step(_forward: Forward) -> web.Response:
        return web.Response(status=code, text="no")

    return step


def body(text: str) -> Step:
    """Answer with this text."""

    async def step(_forward: Forward) -> web.Response:
        return web.Response(text=text, headers=_JSON)

    return step


async def dropped(_forward: Forward) -> web.Response:
    """Break the connection."""
    raise ConnectionResetError


async def swallowed(forward: Forward) -> web.Response:
    """Do what was asked and fail to answer."""
    await forward()
    return web.Response(status=504, text="too late")


@asynccontextmanager
async def faulty_node(
    upstream: str, script: Sequence[tuple[str, Step]] = ()
) -> AsyncIterator[FaultyNode]:
    """Serve in front of `upstream`."""
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
