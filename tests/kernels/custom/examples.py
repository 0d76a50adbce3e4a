"""Small valid packages, and a document for tests to break."""

import json
from dataclasses import replace
from typing import Any

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
