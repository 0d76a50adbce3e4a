"""The localnet's HTTP and WebSocket endpoints. Imported once they are served: it loads aiohttp."""

import asyncio
import contextlib
import socket

from aiohttp import WSMsgType, web

from .pubsub import Hub
from .rpc import Node, answer, call_method

# Agave's `--rpc-max-request-body-size`.
_MAX_BODY_BYTES = 50 * 1024
_MAX_UNSENT_MESSAGES = 10_000
_SHUTDOWN_SECONDS = 1.0
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, solana-client",
    "Access-Control-Max-Age": "86400",
}


async def serve_app(
    stack: contextlib.AsyncExitStack, app: web.Application, listener: socket.socket
) -> None:
    """Serve an application on a socket until the stack unwinds."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()


def rpc_app(node: Node) -> web.Application:
    """Returns the application that answers JSON-RPC over HTTP."""

    async def post(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.Response(
                status=415,
                text="Supplied content type is not allowed. Content-Type: application/json is"
                " required",
                headers=_CORS,
            )
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413, text="request body is too large", headers=_CORS)
        response = answer(body, lambda method, params: call_method(node, method, params))
        return web.Response(
            body=(response or "").encode(), content_type="application/json", headers=_CORS
        )

    async def preflight(request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_CORS)

    async def health(request: web.Request) -> web.Response:
        return web.Response(text="ok", headers=_CORS)

    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    app.router.add_post("/", post)
    app.router.add_options("/", preflight)
    app.router.add_get("/health", health)
    return app


def pubsub_app(hub: Hub) -> web.Application:
    """Returns the application that takes PubSub connections."""
    open_sockets: set[web.WebSocketResponse] = set()

    async def connect(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=_MAX_BODY_BYTES)
        await ws.prepare(request)
        open_sockets.add(ws)
        try:
            await _converse(hub, ws)
        finally:
            open_sockets.discard(ws)
        return ws

    async def close_all(app: web.Application) -> None:
        for ws in tuple(open_sockets):
            await ws.close(code=1001, message=b"localnet is stopping")

    app = web.Application()
    app.router.add_get("/", connect)
    app.on_shutdown.append(close_all)
    return app


async def _converse(hub: Hub, ws: web.WebSocketResponse) -> None:
    outbox: asyncio.Queue[str] = asyncio.Queue(_MAX_UNSENT_MESSAGES)
    overflowed = asyncio.Event()

    def enqueue(message: str) -> None:
        try:
            outbox.put_nowait(message)
        except asyncio.QueueFull:
            overflowed.set()

    async def send() -> None:
        while not overflowed.is_set():
            await ws.send_str(await outbox.get())
        # A notification is lost, so that the client must reconnect and read the state anew.
        await ws.close(code=1008, message=b"client reads too slowly")

    session = hub.open_session(enqueue)
    sender = asyncio.create_task(send())
    try:
        async for message in ws:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                session.receive(message.data)
    finally:
        hub.close_session(session)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await sender
