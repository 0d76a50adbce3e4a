"""Runs on disk: what was committed has to be revealed after any restart, and nobody may read an
output before it is."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from solders.pubkey import Pubkey

from keeper.data.files import replace_atomically
from kernels.trace import tensor_root

SALT_BYTES = 32
RECORD_SUFFIX = ".json"
OUTPUT_SUFFIX = ".output"


def output_root(output: bytes) -> bytes:
    """Tensor root of an output's bytes as one row, [1, bytes]."""
    return tensor_root(np.frombuffer(output, np.int8).reshape(1, -1))


def run_commitment(root: bytes, salt: bytes, provider: Pubkey, task: Pubkey) -> bytes:
    """SHA256(root | salt | provider | task)."""
    return hashlib.sha256(root + salt + bytes(provider) + bytes(task)).digest()


@dataclass(frozen=True, slots=True)
class KeptRun:
    """Root and salt of an output; the salt stays secret until it is revealed."""

    root: bytes
    salt: bytes


class RunBook:
    """Two files a task, readable by their owner alone and served to nobody."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, task: Pubkey, output: bytes) -> KeptRun:
        """Store an output with a fresh salt before anything about it is sent."""
        run = KeptRun(output_root(output), secrets.token_bytes(SALT_BYTES))
        with replace_atomically(self._path(task, OUTPUT_SUFFIX)) as file:
            file.write(output)
        # Last, because the record says that the output is there.
        with replace_atomically(self._path(task, RECORD_SUFFIX)) as file:
            document = {"root": run.root.hex(), "salt": run.salt.hex()}
            file.write(json.dumps(document, sort_keys=True).encode())
        return run

    def get(self, task: Pubkey) -> KeptRun:
        """A kept run; KeyError when there is none."""
        try:
            document = json.loads(self._path(task, RECORD_SUFFIX).read_bytes())
        except FileNotFoundError:
            raise KeyError(task) from None
        return KeptRun(bytes.fromhex(document["root"]), bytes.fromhex(document["salt"]))

    def output(self, task: Pubkey) -> bytes:
        """A kept run's output; KeyError when there is none."""
        try:
            return self._path(task, OUTPUT_SUFFIX).read_bytes()
        except FileNotFoundError:
            raise KeyError(task) from None

    def tasks(self) -> frozenset[Pubkey]:
        """Every task with a kept run."""
        paths = self._root.glob(f"*{RECORD_SUFFIX}")
        return frozenset(Pubkey.from_string(path.stem) for path in paths)

    def discard(self, task: Pubkey) -> None:
        """Forget a run."""
        for suffix in (RECORD_SUFFIX, OUTPUT_SUFFIX):
            self._path(task, suffix).unlink(missing_ok=True)

    def _path(self, task: Pubkey, suffix: str) -> Path:
        return self._root / f"{task}{suffix}"
