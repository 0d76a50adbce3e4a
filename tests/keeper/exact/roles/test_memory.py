"""What a verifier holds in memory while it checks a job whose trace would not fit there."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.keeper.exact.roles.wide_job import (
    LAST,
    OPERATORS,
    PRODUCTS,
    TRACE_BYTES,
    served,
    wide_job,
)

LIMIT_BYTES = 1 << 30
CHILD = "tests.keeper.exact.roles.check_wide_job"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from Linux's /proc")
def test_c12_256_outputs_of_2_gib_are_checked_and_proven_within_1_gib(tmp_path: Path) -> None:
    """Real data server, client, store, check and evidence; the trace is made by this process."""
    wide = wide_job()
    assert len(wide.index.outputs) == len(set(wide.index.outputs)) == OPERATORS
    assert TRACE_BYTES == 2 * LIMIT_BYTES

    async def run() -> dict[str, Any]:
        async with served(wide) as url:
            job = asdict(wide.job) | {"source": url}
            task = json.dumps([job, wide.stage.root.hex(), str(tmp_path), LIMIT_BYTES])
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", CHILD, task, stdout=asyncio.subprocess.PIPE
            )
            out, _ = await child.communicate()
        assert child.returncode == 0
        found: dict[str, Any] = json.loads(out)
        return found

    found = asyncio.run(run())
    assert tuple(found["wrong"]) == LAST
    assert found["fraud"]
    assert found["folded"] == PRODUCTS
    assert found["stored_bytes"] > TRACE_BYTES
    # What was fetched for the check is gone after it: the workload stays.
    assert found["left_bytes"] < TRACE_BYTES // OPERATORS * 2
    assert found["peak_bytes"] < LIMIT_BYTES
