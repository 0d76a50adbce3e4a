"""How the vault keeps runs: what was committed has to be revealed after any restart.

Until then nobody may read the output.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from solders.pubkey import Pubkey

from keeper.node.vault import Document, Format, Secrets
from kernels.custom import Element, Output, Tolerance
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
    """Root and salt of a result; the salt stays secret until it is revealed.

    `outputs` are the kernel's, by which results are compared. Runs of old have none.
    """

    root: bytes
    salt: bytes
    outputs: tuple[Output, ...] = ()

    @classmethod
    def of(cls, result: bytes, outputs: Sequence[Output] = ()) -> "KeptRun":
        """Returns a run with this result and a fresh salt."""
        return cls(output_root(result), secrets.token_bytes(SALT_BYTES), tuple(outputs))


Runs = Secrets[Pubkey, KeptRun]


def _encode(run: KeptRun) -> Document:
    return {
        "outputs": [
            [each.name, each.bytes, int(each.element), *each.tolerance.bits] for each in run.outputs
        ],
        "root": run.root.hex(),
        "salt": run.salt.hex(),
    }


def _decode(document: Document) -> KeptRun:
    return KeptRun(
        bytes.fromhex(document["root"]),
        bytes.fromhex(document["salt"]),
        tuple(_output(*fields) for fields in document.get("outputs", ())),
    )


def _output(name: str | None, size: int, element: int, *bits: Any) -> Output:
    return Output(name, size, Element(element), Tolerance.from_bits(*bits))


RUNS: Final = Format("runs", str, Pubkey.from_string, _encode, _decode)
"""By task; the payload is the run's output."""
