"""Counters and gauges in Prometheus' text format, served on their own port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock

from aiohttp import web

Labels = tuple[tuple[str, str], ...]

CONTENT_TYPE = "text/plain"
PREFIX = "neurolov_"


class Metrics:
    """Values by name and labels. A name that ends in _total is a counter and only rises."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, Labels], float] = {}
        self._lock = Lock()

    def count(self, name: str, **labels: str) -> None:
        """Add one to a counter."""
        with self._lock:
            key = name, tuple(sorted(labels.items()))
            self._values[key] = self._values.get(key, 0) + 1

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._values[name, tuple(sorted(labels.items()))] = value

    def text(self) -> str:
        """Returns all values in Prometheus' exposition format, version 0.0.4."""
        with self._lock:
            values = sorted(self._values.items())
        lines: list[str] = []
        described: set[str] = set()
        for (name, labels), value in values:
            if name not in described:
                kind = "counter" if name.endswith("_total") else "gauge"
                lines.append(f"# TYPE {PREFIX}{name} {kind}")
                described.add(name)
            shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
            lines.append(
                f"{PREFIX}{name}{{{shown}}} {value:g}" if shown else f"{PREFIX}{name} {value:g}"
            )
        return "\n".join([*lines, ""])


METRICS = Metrics()


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


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
