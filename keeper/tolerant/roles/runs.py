"""How the vault keeps runs: what was committed has to be revealed after any restart.

Until then nobody may read the output.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

import numpy as np
from solders.pubkey import Pubkey

from keeper.node.vault import Document, Format, Secrets
from kernels.trace import tensor_root

SALT_BYTES: Final = 32


def output_root(output: bytes) -> bytes:
    """Returns the tensor root of an output's bytes as one row, [1, bytes]."""
    return tensor_root(np.frombuffer(output, np.int8).reshape(1, -1))


def run_commitment(root: bytes, salt: bytes, provider: Pubkey, task: Pubkey) -> bytes:
    """Returns SHA256(root | salt | provider | task)."""
    return hashlib.sha256(root + salt + bytes(provider) + bytes(task)).digest()


@dataclass(frozen=True, slots=True)
class KeptRun:
    """Root and salt of an output; the salt stays secret until it is revealed."""

    root: bytes
    salt: bytes

    @classmethod
    def of(cls, output: bytes) -> "KeptRun":
        """Returns a run with this output and a fresh salt."""
        return cls(output_root(output), secrets.token_bytes(SALT_BYTES))


Runs = Secrets[Pubkey, KeptRun]


def _encode(run: KeptRun) -> Document:
    return {"root": run.root.hex(), "salt": run.salt.hex()}


def _decode(document: Document) -> KeptRun:
    return KeptRun(bytes.fromhex(document["root"]), bytes.fromhex(document["salt"]))


RUNS: Final = Format("runs", str, Pubkey.from_string, _encode, _decode)
"""By task; the payload is the run's output."""
