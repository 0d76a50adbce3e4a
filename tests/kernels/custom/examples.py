"""Small valid packages, and a document for tests to break."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.custom import Buffer, Element, KernelPackage, Role, Stage, Tolerance

TRIPLE = """
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    y[at.x] = 3.0 * x[at.x];
}
"""
OUTPUT = "@group(0) @binding(0) var<storage, read_write> y: array<u32>;\n"
INPUT_BUFFER = Buffer(64, Element.F32, Role.INPUT)
OUTPUT_BUFFER = Buffer(64, Element.F32, Role.OUTPUT)
STAGE = Stage(source=0, entry_point="main", workgroups=(2, 1, 1), bindings=(0, 1))


def triple(**fields: Any) -> KernelPackage:
    """Returns y = 3 x for 16 float32 numbers."""
    base = KernelPackage(
        name="triple",
        sources=(TRIPLE,),
        buffers=(INPUT_BUFFER, OUTPUT_BUFFER),
        stages=(STAGE,),
        tolerance=Tolerance.rounded(1e-6, 1e-5, 2),
    )
    return replace(base, **fields)


def single(
    source: str, size: int = 4, workgroups: tuple[int, int, int] = (1, 1, 1)
) -> KernelPackage:
    """Returns a package with one stage, no inputs and an output y of `size` bytes."""
    return KernelPackage(
        name="single",
        sources=(source,),
        buffers=(Buffer(size, Element.BYTES, Role.OUTPUT),),
        stages=(Stage(0, "main", workgroups, (0,)),),
        tolerance=Tolerance(),
    )


def alone(
    body: str, size: int = 4, workgroups: tuple[int, int, int] = (1, 1, 1), before: str = ""
) -> KernelPackage:
    """Returns `single` with one invocation per workgroup that runs `body` on y: array<u32>."""
    source = f"{OUTPUT}{before}\n@compute @workgroup_size(1) fn main() {{ {body} }}"
    return single(source, size, workgroups)


def document(**fields: Any) -> bytes:
    """Returns the canonical bytes of `triple` with some fields replaced."""
    parsed = json.loads(triple().canonical) | fields
    return json.dumps(parsed, sort_keys=True, separators=(",", ":")).encode()


Floats = npt.NDArray[np.float32]
PART = 64
"""Weights per stage of `network`."""


def network(stages: int) -> tuple[KernelPackage, Floats]:
    """Returns a package of so many stages, each unlike all others, and weights of a MiB for it.

    Stage n adds its own weight to the first n elements, from one buffer to the other.
    """
    sources = [
        f"""@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size({PART})
fn main(@builtin(global_invocation_id) id: vec3u) {{
    if (id.x < {number}u) {{ y[id.x] = x[id.x] + w[0]; }}
}}
"""
        for number in range(1, stages + 1)
    ]
    weights = (np.arange(1 << 18) % 7).astype(np.float32)
    buffers = (
        Buffer(weights.nbytes, Element.F32, Role.INPUT),
        Buffer(4 * stages, Element.F32, Role.OUTPUT),
        Buffer(4 * stages, Element.F32, Role.SCRATCH),
    )
    made = []
    for at in range(stages):
        # The last stage writes the output.
        turn = (0, 1, 2) if (stages - at) % 2 == 0 else (0, 2, 1)
        offsets = (4 * PART * at, 0, 0) if at else ()
        made.append(Stage(at, "main", (-(-stages // PART), 1, 1), turn, offsets))
    return KernelPackage("network", tuple(sources), buffers, tuple(made), Tolerance()), weights


def computed(weights: Floats, stages: int) -> Floats:
    """Returns what `network` gives."""
    target, source = np.zeros(stages, np.float32), np.zeros(stages, np.float32)
    for at in range(stages):
        target[: at + 1] = source[: at + 1] + weights[PART * at]
        target, source = source, target
    return source
