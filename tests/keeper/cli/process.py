"""The command line as a process beside a running marketplace."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


async def command(*arguments: object) -> Ended:
    """Run `neurolov ARGUMENTS` to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "keeper",
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
