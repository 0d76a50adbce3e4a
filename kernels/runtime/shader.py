"""Shader text and dispatch of each operator, from its manifest."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from kernels.graph import Descriptor, Opcode, is_batched, output_spec
from kernels.trace import row_stride
from kernels.tuning import Space

KERNELS = Path(__file__).parent.parent / "exact"
WORKGROUP = 64
TILE = 4
QUAD_BYTES = 16

Point = Mapping[str, int]


class Grid(StrEnum):
    """What one invocation writes; in a group grid it shares a row with the others of its team, in
    a product grid it writes as many rows and columns as the kernel's tuning says."""

    WORD = "word"
    ROW = "row"
    TILE = "tile"
    GROUP = "group"
    PRODUCT = "product"


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
    space: Space

    def groups(self, descriptor: Descriptor, point: Point) -> int:
        """How many workgroups write the whole output at a point of the space."""
        output = output_spec(descriptor)
        match self.grid:
            case Grid.WORD:
                return _groups(-(-output.stored_bytes // 4))
            case Grid.ROW:
                return _groups(output.rows)
            case Grid.GROUP:
                lanes = team_lanes(output.shape[3], point["LANE_ELEMENTS"])
                return _groups(output.rows * lanes)
            case Grid.TILE:
                return _groups(-(-output.rows // TILE) * -(-output.stride // (4 * TILE)))
            case Grid.PRODUCT:
                return product_groups(descriptor, point, output.stride // 4)


def team_lanes(columns: int, each: int) -> int:
    """Invocations that share a row, each with so many elements: softmax/team.wgsl has the same."""
    shares = -(-columns // each)
    return min(1 << (shares - 1).bit_length(), WORKGROUP)


def product_groups(descriptor: Descriptor, point: Point, columns: int) -> int:
    """Workgroups of a product of which so many columns are written, padding included."""
    rows = output_spec(descriptor).rows
    batched = descriptor.opcode is Opcode.MATMUL and is_batched(descriptor)
    each = descriptor.output_shape[2] if batched else rows
    down = -(-each // (point["GROUP_ROWS"] * point["TILE_ROWS"]))
    across = -(-columns // (point["GROUP_COLUMNS"] * point["TILE_COLUMNS"]))
    return rows // each * down * across


def form(descriptor: Descriptor) -> Point:
    """Constants of a product that its descriptor fixes, so that no invocation branches on them.

    NARROW: a row of the left operand is less than a quad of sixteen bytes. OFFSET: the left
    operand has a zero point.
    """
    if descriptor.opcode not in (Opcode.MATMUL, Opcode.CONVOLUTION):
        return {}
    return {
        "NARROW": int(row_stride(descriptor.input_shapes[0][3]) < QUAD_BYTES),
        "OFFSET": int(descriptor.zero_point_in != 0),
    }


def manifest(opcode: Opcode) -> dict[str, Any]:
    """An operator's manifest as written."""
    path = KERNELS / opcode.name.lower() / "manifest.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def source(opcode: Opcode) -> str:
    """The shader text that the constants precede: the manifest's sources, in order."""
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
        space=Space.parse(contract.get("tuning", {})),
    )


def _groups(invocations: int) -> int:
    return -(-invocations // WORKGROUP)
