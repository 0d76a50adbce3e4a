"""Regenerates tests/recorded/evidence.json: `python -m tests.kernels.evidence.record`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kernels.evidence import Claim, LeafRange, judge
from kernels.evidence.stage import open_range
from kernels.graph import DESCRIPTOR_BYTES, Graph, GraphBuilder, Narrowing
from kernels.trace import DType, pack, spec_root, tensor_root, tensor_tree
from kernels.trace.layout import Array
from tests.kernels.evidence.committed import Committed, positions
from tests.kernels.graphs import (
    attention,
    every_operator,
    int8,
    int32,
    matmul_at_the_limit,
    narrowed,
    two_inputs,
)

RECORDED = Path(__file__).parents[2] / "recorded" / "evidence.json"


def wide() -> Graph:
    """Returns a graph whose runs share leaves, touch, lie apart or lie outside the image."""
    build = GraphBuilder()
    x = build.input((2, 6, 20, 32))
    build.convolution(
        x, int8(2, 3, 3, 32), padding=(1, 1, 1, 1), pad_value=5, zero_point_in=-3, stride=(1, 7)
    )
    pool = build.max_pool(x, (3, 4), stride=(2, 5), padding=(1, 1, 1, 1))
    apart = build.input((1, 3, 3, 300))
    build.max_pool(apart, (2, 2), stride=(1, 1))
    build.convolution(apart, int8(1, 2, 2, 300), dilation=(1, 2))
    narrow = build.view(pool, (1, 24, 1, 32))
    build.convolution(
        narrow, int8(3, 1, 2, 32), int32(3), dilation=(1, 3), padding=(0, 2, 0, 2), pad_value=-9
    )
    long = build.argmax(build.view(apart, (9, 300)))
    build.add(long, int32(9, 1))
    return build.build()


def graphs() -> dict[str, tuple[Graph, tuple[tuple[int, int], ...]]]:
    """Returns graphs and the stages in which they are committed."""
    return {
        "every operator": (every_operator(), ((0, 3), (3, 4), (4, 12))),
        "two job inputs and a view": (two_inputs(), ((0, 3),)),
        "matmul at the limit": (matmul_at_the_limit(), ((0, 1),)),
        "wide": (wide(), ((0, 5), (5, 7))),
        "attention": (attention(), ((0, 9), (9, 24))),
        "narrowed": (narrowed(), ((0, 3), (3, 8))),
    }


def inputs_of(graph: Graph) -> list[Array]:
    """Returns a fixed pattern for each job input."""
    return [
        int8(*spec.shape) if spec.dtype is DType.INT8 else int32(*spec.shape)
        for spec in graph.inputs
    ]


def commitment(name: str) -> Committed:
    """Returns a trace whose operators lie about their middle element and one of padding."""
    graph, stages = graphs()[name]
    lies = {}
    for operator, spec in enumerate(graph.outputs):
        found = positions(spec)
        paddings = [at for kind, at in found.items() if kind not in ("first", "middle", "last")]
        lies[operator] = {found["middle"], *paddings[:1]}
    return Committed(graph, inputs_of(graph), stages, lies)


def unprovable(multiplier: int, shift: int) -> tuple[Claim, bytes]:
    """Returns evidence on a graph that no keeper loads: its table is out of range."""
    build = GraphBuilder()
    build.requantise(build.input((1, 3), DType.INT32), np.full(3, 7), np.full(3, 7))
    graph = build.build()
    committed = Committed(graph, inputs_of(graph), [(0, 1)])
    claim, evidence = committed.witness.claim(0, 1), committed.witness.stage(0, 1)
    table = np.array([[multiplier, shift]] * 3, np.int32).reshape(1, 1, 3, 2)
    return _with_table(graph, claim, evidence, table)


def unprovable_product(multiplier: int, shift: int) -> tuple[Claim, bytes]:
    """Returns the same of a product to int8."""
    build = GraphBuilder()
    build.matmul(build.input((1, 4)), int8(3, 4), int32(3), to=Narrowing(7, 7))
    graph = build.build()
    committed = Committed(graph, inputs_of(graph), [(0, 1)])
    claim, evidence = committed.witness.claim(0, 1), committed.witness.stage(0, 1)
    table = np.array([[5, multiplier, shift]] * 3, np.int32).reshape(1, 1, 3, 3)
    return _with_table(graph, claim, evidence, table)


def _with_table(graph: Graph, claim: Claim, evidence: bytes, table: Array) -> tuple[Claim, bytes]:
    """Returns evidence whose last operand is another table, under the spec root that has it."""
    (first,) = graph.descriptors
    descriptor = replace(first, roots=(*first.roots[:2], tensor_root(table)))
    tail = b"".join(open_range(tensor_tree(table), LeafRange(0, 1)))
    body = evidence[DESCRIPTOR_BYTES : len(evidence) - len(tail)]
    assert len(pack(table)) < len(tail)
    return (
        replace(claim, spec_root=spec_root([descriptor.encode()])),
        descriptor.encode() + body + tail,
    )


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "spec_root": claim.spec_root.hex(),
        "operators": claim.operators,
        "inputs_root": claim.inputs_root.hex(),
        "inputs": claim.inputs,
        "stages": [[stage.first, stage.last, stage.root.hex()] for stage in claim.stages],
    }


def _cases(committed: Committed) -> list[dict[str, Any]]:
    cases = []
    for operator, spec in enumerate(committed.graph.outputs):
        for kind, element in positions(spec).items():
            evidence = committed.witness.stage(operator, element)
            judgement = judge(committed.witness.claim(operator, element), evidence)
            cases.append(
                {
                    "position": kind,
                    "operator": operator,
                    "element": element,
                    "expected": judgement.expected,
                    "committed": judgement.committed,
                    "stage": judgement.stage,
                    "evidence": evidence.hex(),
                }
            )
    return cases


def vectors() -> dict[str, Any]:
    """Returns the content of the recorded file."""
    jobs = []
    for name in graphs():
        committed = commitment(name)
        claim = committed.witness.claim(0, 0)
        jobs.append({"name": name, "claim": _claim(claim), "cases": _cases(committed)})
    tables = []
    for multiplier, shift in ((0, 7), (-1, 7), (7, 0), (7, 63), (7, -1)):
        for claim, evidence in (
            unprovable(multiplier, shift),
            unprovable_product(multiplier, shift),
        ):
            entry = {
                "operator": claim.operator,
                "element": claim.element,
                "evidence": evidence.hex(),
            }
            tables.append({"claim": _claim(claim), **entry})
    return {"jobs": jobs, "unprovable": tables}


def text() -> str:
    """Returns the text of the recorded file."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    RECORDED.write_text(text(), encoding="utf-8")
