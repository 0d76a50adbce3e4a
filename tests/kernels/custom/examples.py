"""Small packages: valid ones, and a document to break."""

import json
from dataclasses import replace
from typing import Any

from kernels.custom import Buffer, Element, KernelPackage, Tolerance

TRIPLE = """
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) at: vec3<u32>) {
    y[at.x] = 3.0 * x[at.x];
}
"""
OUTPUT = "@group(0) @binding(0) var<storage, read_write> y: array<u32>;\n"


def triple(**fields: Any) -> KernelPackage:
    """y = 3 x for 16 float32 numbers."""
    base = KernelPackage(
        name="triple",
        source=TRIPLE,
        entry_point="main",
        workgroups=(2, 1, 1),
        inputs=(Buffer(64, Element.F32),),
        output=Buffer(64, Element.F32),
        tolerance=Tolerance.rounded(1e-6, 1e-5, 2),
    )
    return replace(base, **fields)


def alone(body: str, size: int = 4, workgroups: tuple[int, int, int] = (1, 1, 1)) -> KernelPackage:
    """A package without inputs whose one invocation a workgroup runs `body` on y: array<u32>."""
    return triple(
        source=OUTPUT + f"@compute @workgroup_size(1) fn main() {{ {body} }}",
        inputs=(),
        output=Buffer(size, Element.BYTES),
        tolerance=Tolerance(),
        workgroups=workgroups,
    )


def document(**fields: Any) -> bytes:
    """The canonical bytes of `triple` with some fields replaced, still sorted and dense."""
    parsed = json.loads(triple().canonical) | fields
    return json.dumps(parsed, sort_keys=True, separators=(",", ":")).encode()
