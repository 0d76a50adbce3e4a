"""A process that leaves does not wait for its threads."""

import subprocess
import sys

SCRIPT = """
import asyncio
from threading import Event
from keeper.compute import ComputeLane
from keeper.node.ending import end_within

async def main():
    with ComputeLane() as lane:
        computing = asyncio.create_task(lane.run(Event().wait))
        await asyncio.sleep(0)
        end_within(0.1)
        computing.cancel()

asyncio.run(main())
"""


def test_an_execution_that_never_ends_does_not_keep_a_process() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT], check=False, timeout=60)
    assert ended.returncode == 130
