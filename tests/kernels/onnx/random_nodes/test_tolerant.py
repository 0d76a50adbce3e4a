"""Random nodes and graphs in the tolerant class: right by onnxruntime or ONNX's reference, or
refused by name.

The same ones each time; `HYPOTHESIS_PROFILE=thorough` draws 2,500 new ones.
"""

import os
from collections.abc import Mapping

import numpy as np
import onnx
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from kernels.onnx.reading import input_shapes
from kernels.onnx.tolerant import Run, TolerantRunner
from kernels.onnx.tolerant.element import Array
from tests.kernels.onnx.random_graphs.graphs import Example, examples
from tests.kernels.onnx.random_nodes.draft import SPECIAL, Draft
from tests.kernels.onnx.random_nodes.families import DRAFTS
from tests.kernels.onnx.random_nodes.judgement import Verdict, judged

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
NODES, GRAPHS = (2_000, 500) if THOROUGH else (120, 30)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
OPSETS = (22, 18, 17, 13, 11)
RUNNER = TolerantRunner()


@st.composite
def drafts(draw: st.DrawFn, names: tuple[str, ...] = tuple(DRAFTS)) -> Draft:
    """Draws one node of one of these operators."""
    name = draw(st.sampled_from(names))
    seed, opset = draw(st.integers(0, 2**31 - 1)), draw(st.sampled_from(OPSETS))
    draft = Draft(draw, np.random.default_rng(seed), opset)
    DRAFTS[name](draft, name)
    return draft


def verdict(draft: Draft) -> Verdict:
    try:
        model = draft.model()
    except Exception as error:
        # The opset lacks the operator or this use of it; onnx's exceptions share no base.
        return Verdict(f"no node of the opset: {error}")
    return judged(RUNNER, model, draft.feeds)


@settings(max_examples=NODES, derandomize=not THOROUGH, suppress_health_check=SLOW)
@given(drafts())
def test_no_node_is_wrong_without_a_word(draft: Draft) -> None:
    found = verdict(draft)
    event("refused" if found.refusal else "right")
    note(str([*draft.nodes, draft.feeds, draft.constants, draft.opset]))
    assert found.fault is None


@settings(max_examples=GRAPHS, derandomize=not THOROUGH, suppress_health_check=SLOW)
@given(examples(), st.integers(0, 2**31 - 1))
def test_no_graph_is_wrong_without_a_word(example: Example, seed: int) -> None:
    random = np.random.default_rng(seed)
    feeds = {}
    for name, shape in input_shapes(example.model, {}).items():
        values = example.fresh[name][: shape[0]]
        taken = random.random(values.shape) < random.choice((0.0, 0.1))
        feeds[name] = np.where(taken, random.choice(SPECIAL, values.shape), values).astype(
            np.float32
        )
    found = judged(RUNNER, example.model, feeds)
    event("refused" if found.refusal else "right")
    note(str(feeds))
    assert found.fault is None


class Off:
    """A runner whose results are off by one in a thousand."""

    def run(self, model: onnx.ModelProto, inputs: Mapping[str, Array]) -> Run:
        found = RUNNER.run(model, inputs)
        outputs = {name: each * np.float32(1.001) for name, each in found.outputs.items()}
        return Run(outputs, found.dispatches)


def test_a_wrong_result_is_found() -> None:
    draft = Draft(lambda _: None, np.random.default_rng(0), 22)
    draft.node("Sin", [draft.input(draft.values((3, 4), spread="plain"))])
    assert judged(RUNNER, draft.model(), draft.feeds) == Verdict()
    fault = judged(Off(), draft.model(), draft.feeds).fault
    assert fault is not None
    assert fault.startswith("output 0 at (0, 0) is")
