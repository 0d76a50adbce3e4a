"""Shader text and dispatch of each operator, from its manifest."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from kernels.graph import Descriptor, Opcode, is_batched, output_spec

KERNELS = Path(__file__).parent.parent / "exact"
WORKGROUP = 64
TILE = 4


class Grid(StrEnum):
    """What one invocation writes: of a group grid, its share of the row of its workgroup."""

    WORD = "word"
    ROW = "row"
    TILE = "tile"
    GROUP = "group"


class ManifestError(RuntimeError):
    """A manifest and its shader do not belong together."""


@dataclass(frozen=True, slots=True)
class Shader:
    """One operator's program."""

    opcode: Opcode
    source: str
    entry_point: str
    grid: Grid
    inputs: int

    def invocations(self, descriptor: Descriptor) -> int:
        """How many invocations write the whole output."""
        output = output_spec(descriptor)
        words = -(-output.stored_bytes // 4)
        match self.grid:
            case Grid.WORD:
                return words
            case Grid.ROW:
                return output.rows
            case Grid.GROUP:
                return output.rows * WORKGROUP
            case Grid.TILE:
                each = output.shape[2] if _is_batched(descriptor) else output.rows
                down = output.rows // each * -(-each // TILE)
                return down * -(-output.stride // (4 * TILE))


def _is_batched(descriptor: Descriptor) -> bool:
    return descriptor.opcode is Opcode.MATMUL and is_batched(descriptor)


def manifest(opcode: Opcode) -> dict[str, Any]:
    """An operator's manifest as written."""
    path = KERNELS / opcode.name.lower() / "manifest.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def source(opcode: Opcode) -> str:
    """The shader text that is compiled: the manifest's sources, in order."""
    folder = KERNELS / opcode.name.lower()
    return "\n".join(
        (folder / name).read_text(encoding="utf-8") for name in manifest(opcode)["sources"]
    )


@cache
def load_shader(opcode: Opcode) -> Shader:
    """The operator's program; ManifestError when the text is not the one the manifest names."""
    contract, text = manifest(opcode), source(opcode)
    digest = sha256(text.encode()).hexdigest()
    if digest != contract["sha256"]:
        raise ManifestError(f"{opcode.name.lower()}: shader is {digest}, not the manifest's")
    return Shader(
        opcode=opcode,
        source=text,
        entry_point=contract["entry_point"],
        grid=Grid(contract["grid"]),
        inputs=len(contract["bindings"]) - 2,
    )
