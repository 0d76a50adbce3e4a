import asyncio

import aiohttp
import pytest

from keeper.telemetry import Metrics
from keeper.telemetry.serving import serve_metrics

TEXT = """\
# TYPE neurolov_actions_total counter
neurolov_actions_total{action="Claim",role="provider"} 2
neurolov_actions_total{action="a\\"\\\\\\n",role="crank"} 1
# TYPE neurolov_slot gauge
neurolov_slot 7
"""


@pytest.fixture
def metrics() -> Metrics:
    found = Metrics()
    found.count("actions_total", role="provider", action="Claim")
    found.count("actions_total", action="Claim", role="provider")
    found.count("actions_total", role="crank", action='a"\\\n')
    found.set("slot", 3)
    found.set("slot", 7)
    return found


def test_the_text_is_prometheus_format(metrics: Metrics) -> None:
    assert metrics.text() == TEXT


def test_metrics_are_served(metrics: Metrics) -> None:
    async def run() -> None:
        async with (
            serve_metrics(metrics, "127.0.0.1", 0) as url,
            aiohttp.ClientSession() as client,
            client.get(url) as response,
        ):
            assert response.status == 200
            assert response.content_type == "text/plain"
            assert await response.text() == TEXT

    asyncio.run(run())


def test_a_port_in_use_is_an_error(metrics: Metrics) -> None:
    async def run() -> None:
        async with serve_metrics(metrics, "127.0.0.1", 0) as url:
            port = int(url.split(":")[2].split("/")[0])
            with pytest.raises(OSError, match=str(port)):
                async with serve_metrics(metrics, "127.0.0.1", port):
                    pass

    asyncio.run(run())
