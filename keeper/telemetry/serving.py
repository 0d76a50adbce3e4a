"""Serves metrics on a port of their own. Imported by whoever serves: it loads aiohttp."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from keeper.telemetry.metrics import Metrics

CONTENT_TYPE = "text/plain"


@asynccontextmanager
async def serve_metrics(metrics: Metrics, host: str, port: int) -> AsyncIterator[str]:
    """Serve /metrics while the block runs and yield its URL. Raises OSError on a port in use."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=metrics.text(), content_type=CONTENT_TYPE)

    application = web.Application()
    application.router.add_get("/metrics", show)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}/metrics"
    finally:
        await runner.cleanup()
