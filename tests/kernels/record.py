"""Regenerates tests/recorded/descriptors.json: `python -m tests.kernels.record`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.graph import Descriptor, Graph, GraphBuilder, Input, InputKind, multiply_adds
from kernels.graph.rules import operand_bytes, runs
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

RECORDED = Path(__file__).parent.parent / "recorded" / "descriptors.json"


def int8(*shape: int) -> npt.NDArray[np.int8]:
    """A fixed pattern that uses the whole range."""
    count = int(np.prod(shape))
    return (np.arange(count) * 37 % 256 - 128).astype(np.int8).reshape(shape)


def int32(*shape: int) -> npt.NDArray[np.int32]:
    """A fixed pattern of both signs."""
    count = int(np.prod(shape))
    return (np.arange(count) * 7919 % 20011 - 10005).astype(np.int32).reshape(shape)


def every_operator() -> Graph:
    """Small odd shapes; every opcode, every optional field."""
    build = GraphBuilder()
    x = build.input((2, 9, 7, 3))
    y = build.convolution(
        x,
        int8(6, 3, 2, 3),
        int32(6),
        stride=(2, 1),
        dilation=(1, 2),
        padding=(1, 0, 2, 1),
        pad_value=-7,
        zero_point_in=-7,
    )
    y = build.requantise(y, np.arange(1, 7) << 24, np.arange(28, 34), zero_point_out=3)
    y = build.relu(y, 3)
    y = build.max_pool(y, (2, 3), stride=(2, 1), padding=(1, 1, 0, 2))
    y = build.lookup(y, int8(256)[::-1])
    z = build.matmul(y, int8(5, 6), int32(5))
    z = build.add(z, int32(z.spec.shape[2], 5))
    z = build.add(z, z)
    z = build.relu(z, -4000, 900_000)
    build.argmax(build.requantise(z, 2**31 - 1, 44, clamp=(-100, 99)))
    build.argmax(z)
    return build.build()


def two_inputs() -> Graph:
    """A product of two job inputs, and a view that regroups rows."""
    build = GraphBuilder()
    a = build.input((3, 1, 1, 64))
    b = build.input((4, 64))
    y = build.matmul(a, b)
    y = build.requantise(y, 1, 1)
    build.convolution(build.view(y, (1, 1, 3, 4)), int8(1, 1, 3, 4))
    return build.build()


def matmul_at_the_limit() -> Graph:
    """K of 4,096 takes exactly 8,192 operand bytes."""
    build = GraphBuilder()
    build.matmul(build.input((1, 4096)), build.input((2, 4096)))
    return build.build()


def graphs() -> dict[str, Graph]:
    """Valid graphs by name."""
    return {
        "every operator": every_operator(),
        "two job inputs and a view": two_inputs(),
        "matmul at the limit": matmul_at_the_limit(),
    }


def _patched(descriptor: Descriptor, offset: int, *values: int) -> bytes:
    data = bytearray(descriptor.encode())
    data[offset : offset + len(values)] = bytes(values)
    return bytes(data)


def invalid() -> list[tuple[str, bytes, str]]:
    """Name, bytes and reason of descriptors that break one rule each."""
    graph = every_operator()
    conv, requantise, relu, pool, lookup, matmul, add = graph.descriptors[:7]
    scale, argmax = graph.descriptors[9], graph.descriptors[11]
    wide = matmul_at_the_limit().descriptors[0]
    long_row = replace(
        wide, input_shapes=((1, 1, 1, 4097), (1, 1, 2, 4097)), multiply_adds=2 * 4097
    )
    tall = replace(
        relu, input_shapes=((1 << 20, 1 << 12, 1, 6),), output_shape=(1 << 20, 4096, 1, 6)
    )
    deep = replace(
        pool,
        input_shapes=((1, 9, 9, 1),),
        output_shape=(1, 5, 6, 1),
        window=replace(pool.window, kernel=(5, 4), stride=(1, 1), padding=(0, 0, 0, 0)),
    )
    u32 = 4 * [255]
    return [
        ("255 bytes", conv.encode()[:255], "BadLength"),
        ("version 2", _patched(conv, 0, 2), "BadVersion"),
        ("opcode 0", _patched(conv, 1, 0), "UnknownOpcode"),
        ("opcode 17", _patched(conv, 1, 17), "UnknownOpcode"),
        ("dtype 3", _patched(conv, 2, 3), "BadDtype"),
        ("convolution to int8", _patched(conv, 3, 1), "BadDtype"),
        ("relu that changes the dtype", _patched(relu, 3, 2), "BadDtype"),
        ("no input", _patched(relu, 4, 0), "BadInputCount"),
        ("four inputs", _patched(conv, 4, 4), "BadInputCount"),
        ("requantise without rounding", _patched(scale, 5, 0), "BadRounding"),
        ("relu with rounding", _patched(relu, 5, 1), "BadRounding"),
        ("rounding 2", _patched(scale, 5, 2), "BadRounding"),
        ("reserved head", _patched(conv, 7, 1), "ReservedNotZero"),
        ("reserved in an input", _patched(conv, 10, 1), "ReservedNotZero"),
        ("fourth input", _patched(conv, 32, 1), "ReservedNotZero"),
        ("unused input's index", _patched(relu, 20, 1), "ReservedNotZero"),
        ("unused shape", _patched(relu, 56, 1), "ReservedNotZero"),
        ("matmul with a stride", _patched(matmul, 108, 1), "ReservedNotZero"),
        ("relu with a multiplier", _patched(relu, 144, 1), "ReservedNotZero"),
        ("max pool with a pad value", _patched(pool, 124, 1), "ReservedNotZero"),
        ("per-channel 2", _patched(requantise, 149, 2), "ReservedNotZero"),
        ("reserved byte 151", _patched(conv, 151, 1), "ReservedNotZero"),
        ("root that nothing uses", _patched(argmax, 152, 1), "ReservedNotZero"),
        ("input kind 0", _patched(relu, 8, 0), "BadInputKind"),
        ("input kind 4", _patched(relu, 8, 4), "BadInputKind"),
        ("input 0 is a constant", _patched(relu, 8, 1, 0, 0, 0, 0), "BadInputKind"),
        ("weights are an operator's output", _patched(conv, 16, 3), "BadInputKind"),
        ("bias from the weights' root", _patched(conv, 28, 0), "BadInputKind"),
        ("table from the weights' root", _patched(lookup, 20, 0), "BadInputKind"),
        ("no root for the weights", _patched(conv, 152, *bytes(32)), "BadRoot"),
        ("no root for the channels", _patched(requantise, 216, *bytes(32)), "BadRoot"),
        ("pad value 128", _patched(conv, 124, 128, 0, 0, 0), "BadValue"),
        ("zero point -129", _patched(conv, 128, 127, 255, 255, 255), "BadValue"),
        ("clamp above int8", _patched(scale, 140, 128, 0, 0, 0), "BadValue"),
        ("clamp upside down", _patched(scale, 140, 155, 255, 255, 255), "BadValue"),
        ("multiplier 0", _patched(scale, 144, 0, 0, 0, 0), "BadValue"),
        ("multiplier below 0", _patched(scale, 144, *u32), "BadValue"),
        ("shift 0", _patched(scale, 148, 0), "BadValue"),
        ("shift 63", _patched(scale, 148, 63), "BadValue"),
        ("per channel on axis 2", _patched(requantise, 150, 2), "BadChannels"),
        ("per channel with a shift", _patched(requantise, 148, 1), "BadChannels"),
        ("axis without a table", _patched(scale, 150, 3), "BadChannels"),
        ("empty output", _patched(add, 92, *bytes(4)), "BadShape"),
        ("empty input", _patched(relu, 40, *bytes(4)), "BadShape"),
        ("output one too high", _patched(conv, 92, conv.output_shape[1] + 1), "BadShape"),
        ("kernel is not the weights'", _patched(conv, 60, 2), "BadShape"),
        ("matmul of two matrices", _patched(matmul, 40, 2), "BadShape"),
        ("stride 0", _patched(conv, 108, 0, 0), "BadWindow"),
        ("dilation 0", _patched(conv, 114, 0, 0), "BadWindow"),
        ("max pool with a dilation", _patched(pool, 112, 2), "BadWindow"),
        ("padding as wide as the kernel", _patched(pool, 116, 2), "BadWindow"),
        ("window larger than its input", _patched(conv, 112, 200), "BadWindow"),
        (
            "tensor above 1 GiB",
            replace(tall, multiply_adds=multiply_adds(tall)).encode(),
            "TensorLimit",
        ),
        (
            "dimensions that overflow",
            _patched(relu, 40, *u32 * 4)[:88] + bytes(u32 * 4) + relu.encode()[104:],
            "TensorLimit",
        ),
        ("K above 4,096", long_row.encode(), "OperandLimit"),
        ("twenty runs", replace(deep, multiply_adds=multiply_adds(deep)).encode(), "RunLimit"),
        ("multiply-adds one too few", _patched(conv, 248, 0), "BadMultiplyAdds"),
    ]


def invalid_graphs() -> list[tuple[str, tuple[bytes, ...], str]]:
    """Name, descriptors and reason of lists of valid descriptors that do not fit together.

    A list of one graph with 257 operators would double the file: it is a case of the graph tests.
    """
    whole = every_operator().descriptors
    own = replace(whole[2], inputs=(Input(InputKind.OPERATOR_OUTPUT, 0),))
    far = replace(whole[0], inputs=(Input(InputKind.JOB_INPUT, 8), *whole[0].inputs[1:]))
    gap = replace(whole[0], inputs=(Input(InputKind.JOB_INPUT, 1), *whole[0].inputs[1:]))
    wrong = replace(whole[1], inputs=(Input(InputKind.JOB_INPUT, 0), whole[1].inputs[1]))
    skips = replace(whole[3], inputs=(Input(InputKind.OPERATOR_OUTPUT, 0),))
    rows = replace(whole[2], input_shapes=((2, 5, 5, 6),), output_shape=(2, 5, 5, 6))
    rows = replace(rows, multiply_adds=multiply_adds(rows))
    cases = [
        ("no operator", (), "OperatorLimit"),
        ("reads itself", (own,), "BadTopology"),
        ("reads a later operator", (whole[0], whole[2]), "BadTopology"),
        ("job input 8", (far,), "InputLimit"),
        ("job input 1 without 0", (gap,), "BadTopology"),
        ("job input in two dtypes", (whole[0], wrong), "OperandMismatch"),
        ("int32 read as int8", (whole[0], whole[1], whole[2], skips), "OperandMismatch"),
        ("other number of rows", (whole[0], whole[1], rows), "OperandMismatch"),
    ]
    return [(name, tuple(d.encode() for d in parts), reason) for name, parts, reason in cases]


def tensors() -> list[npt.NDArray[Any]]:
    """Every stride rule and tree form."""
    shapes = [(1,), (3,), (5, 1), (7, 3), (2, 256), (3, 257), (1, 2, 3, 100), (11, 40)]
    return [int8(*shape) for shape in shapes] + [int32(*shape) for shape in shapes]


def vectors() -> dict[str, Any]:
    """The whole recorded file."""
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
                "runs": runs(item),
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
