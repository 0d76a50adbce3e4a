"""Random graphs in the exact class: right within 8 bits, or refused with a reason.

The same 200 graphs are tried each time; `HYPOTHESIS_PROFILE=thorough` tries 2,000 new ones.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings

from tests.kernels.onnx.random_graphs.families import STEPS
from tests.kernels.onnx.random_graphs.graphs import Example, examples
from tests.kernels.onnx.random_graphs.judgement import Outcome, judged

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
GRAPHS = 200
PARTS = 10 if THOROUGH else 1
SEVERAL = 4
"""One graph of several outputs is tried for so many of one."""
TRIES = 12
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=GRAPHS, derandomize=not THOROUGH, suppress_health_check=SLOW)
@given(example=examples())
def test_no_graph_is_wrong_without_a_word(part: int, example: Example) -> None:
    del part
    outcome = judged(example)
    event("refused" if outcome.refusal else "right")
    note(str(outcome))
    assert outcome.fault is None


@settings(max_examples=GRAPHS // SEVERAL, derandomize=not THOROUGH, suppress_health_check=SLOW)
@given(examples(others=3))
def test_no_output_of_several_is_wrong_without_a_word(example: Example) -> None:
    outcome = judged(example)
    event(
        f"{len(example.model.graph.output)} outputs, " + ("refused" if outcome.refusal else "right")
    )
    note(str(outcome))
    assert outcome.fault is None


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_operator_has_an_exact_form(name: str) -> None:
    outcomes: list[Outcome] = []

    @settings(
        max_examples=TRIES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=SLOW,
    )
    @given(examples((name,), 1))
    def attempt(example: Example) -> None:
        if not any(_right(each) for each in outcomes):
            outcomes.append(judged(example))

    attempt()
    assert any(_right(each) for each in outcomes), outcomes


def _right(outcome: Outcome) -> bool:
    return outcome.refusal is None and outcome.fault is None
