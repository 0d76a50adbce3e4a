"""Running a command's work to its end, and serving metrics beside it."""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click

from keeper.errors import PortInUseError
from keeper.telemetry import METRICS

Result = TypeVar("Result")


@asynccontextmanager
async def metrics_served(port: int | None) -> AsyncIterator[None]:
    """Serves the process's metrics while the block runs; raises PortInUseError."""
    if port is None:
        yield
        return
    # Loads an HTTP server, which few commands need.
    from keeper.telemetry.serving import serve_metrics  # noqa: PLC0415

    try:
        async with serve_metrics(METRICS, "127.0.0.1", port) as url:
            click.echo(f"metrics at {url}", err=True)
            yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortInUseError(f"port {port} is in use; choose another --metrics-port") from error


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs `work` to its end and returns the result; SIGTERM interrupts it as Ctrl-C does."""

    async def guarded() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        raise click.Abort from None
