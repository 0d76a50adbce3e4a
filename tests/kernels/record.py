"""Regenerates tests/recorded/descriptors.json: `python -m tests.kernels.record`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.exact.rules import most_runs, operand_bytes
from kernels.trace import (
    INPUTS,
    SPEC,
    TENSOR,
    TRACE,
    inputs_root,
    pack,
    spec_root,
    tensor_depth,
    tensor_root,
    tensor_tree,
    trace_root,
)
from tests.kernels.graphs import every_operator, graphs, int8, int32
from tests.kernels.malformed import invalid, invalid_graphs

RECORDED = Path(__file__).parent.parent / "recorded" / "descriptors.json"


def tensors() -> list[npt.NDArray[Any]]:
    """Returns tensors for every stride rule and tree form."""
    shapes = [(1,), (3,), (5, 1), (7, 3), (2, 256), (3, 257), (1, 2, 3, 100), (11, 40)]
    return [int8(*shape) for shape in shapes] + [int32(*shape) for shape in shapes]


def vectors() -> dict[str, Any]:
    """Returns the content of the recorded file."""
    parts = {name: graph.descriptors for name, graph in graphs().items()}
    named = [
        (f"{name}, {at}", item) for name, list_ in parts.items() for at, item in enumerate(list_)
    ]
    roots = [tensor_root(array) for array in tensors()]
    tall = tensor_tree(int32(11, 40))
    trees = {"trace": trace_root, "inputs": inputs_root}
    return {
        "tags": {
            "tensor": [TENSOR.leaf_tag.decode(), TENSOR.node_tag.decode()],
            "trace": [TRACE.leaf_tag.decode(), TRACE.node_tag.decode()],
            "spec": [SPEC.leaf_tag.decode(), SPEC.node_tag.decode()],
            "inputs": [INPUTS.leaf_tag.decode(), INPUTS.node_tag.decode()],
        },
        "valid": [
            {
                "name": f"{name}: {item.opcode.name.lower()}",
                "hex": item.encode().hex(),
                "leaf": SPEC.leaf(item.encode()).hex(),
                "multiply_adds": item.multiply_adds,
                "operand_bytes": operand_bytes(item),
                "runs": most_runs(item),
                "output_depth": tensor_depth(item.output_shape, item.dtype_out),
            }
            for name, item in named
        ],
        "invalid": [
            {"name": name, "hex": data.hex(), "reason": reason} for name, data, reason in invalid()
        ],
        "graphs": [
            {
                "name": name,
                "descriptors": [data.hex() for data in graph.encoded()],
                "spec_root": graph.spec_root.hex(),
                "multiply_adds": graph.multiply_adds,
                "inputs": [{"shape": s.shape, "dtype": int(s.dtype)} for s in graph.inputs],
            }
            for name, graph in graphs().items()
        ],
        "invalid_graphs": [
            {"name": name, "descriptors": [data.hex() for data in parts], "reason": reason}
            for name, parts, reason in invalid_graphs()
        ],
        "tensors": [
            {
                "shape": array.shape,
                "dtype": 1 if array.dtype == np.int8 else 2,
                "elements": array.tobytes().hex(),
                "stored": pack(array).tobytes().hex(),
                "root": root.hex(),
            }
            for array, root in zip(tensors(), roots, strict=True)
        ],
        "trees": [
            {
                "kind": kind,
                "roots": [item.hex() for item in roots[:n]],
                "root": make(roots[:n]).hex(),
            }
            for kind, make in trees.items()
            for n in (1, 2, 3, 5, 8)
        ]
        + [
            {"kind": "spec", "leaves": n, "root": spec_root(every_operator().encoded()[:n]).hex()}
            for n in (1, 2, 3, 11)
        ],
        "openings": [
            {
                "tensor": len(tensors()) - 1,
                "leaf": index,
                "data": tall.opening(index).data.hex(),
                "path": [item.hex() for item in tall.opening(index).path],
            }
            for index in (0, 10, 11, 15)
        ],
    }


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
