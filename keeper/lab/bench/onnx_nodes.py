"""The ONNX package's own backend node tests, run through WGSL on an adapter."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from kernels.onnx.reading import ModelError, check_model
from kernels.onnx.tolerant import BadInput, TolerantRunner, UnsupportedOperator
from kernels.onnx.tolerant.arguments import item_name
from kernels.runtime import DeviceLost

# The package's own runner allows bfloat16 two units in the last place.
BFLOAT16_RELATIVE = 2.0**-6
# NumPy computes the expected transforms in float32. Where the right value is zero it leaves up to
# one unit in the last place of the largest value.
TRANSFORMS = ("DFT", "STFT")
TRANSFORM_NOISE = 2.0**-23


@dataclass(slots=True)
class NodeResults:
    """Names of tests by how they ended.

    undispatched are those of the passed whose outputs follow from shapes and constants alone, or
    are an input unchanged. reasons counts why tests are unsupported; failures tell what differed.
    """

    adapter: str
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    undispatched: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def node_cases(only: str = "*") -> list[Any]:
    """Returns the package's node tests whose name matches a pattern, in order of name."""
    with warnings.catch_warnings():
        # The package overflows casts on purpose while it makes its data.
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests  # noqa: PLC0415

        cases = load_model_tests(kind="node")
    return sorted(
        (case for case in cases if fnmatchcase(case.name, only)), key=lambda case: str(case.name)
    )


def run_nodes(
    runner: TolerantRunner, cases: Sequence[Any], progress: Callable[[], None]
) -> NodeResults:
    """Run every case; progress is called after each."""
    results = NodeResults(runner.adapter.name)
    for case in cases:
        _run(runner, case, results)
        progress()
    return results


def _run(runner: TolerantRunner, case: Any, results: NodeResults) -> None:
    try:
        dispatches = _compare(runner, case)
    except UnsupportedOperator as error:
        _refused(results, case.name, str(error))
    except ModelError as error:
        _refused(results, case.name, f"model: {error.reason}")
    except (AssertionError, BadInput, DeviceLost) as error:
        results.failed.append(case.name)
        results.failures[case.name] = " ".join(str(error).split())[:400]
    else:
        results.passed.append(case.name)
        if not dispatches:
            results.undispatched.append(case.name)


def _refused(results: NodeResults, name: str, why: str) -> None:
    results.unsupported.append(name)
    results.reasons[why] = results.reasons.get(why, 0) + 1


def _compare(runner: TolerantRunner, case: Any) -> int:
    model = check_model(case.model)
    dispatches = 0
    for given, expected in case.data_sets:
        names = [port.name for port in model.graph.input]
        inputs = _flat(dict(zip(names, given, strict=False)))
        run = runner.run(model, inputs)
        dispatches += run.dispatches
        results = _flat(
            {port.name: each for port, each in zip(model.graph.output, expected, strict=True)}
        )
        assert list(run.outputs) == list(results)
        for name, wanted in results.items():
            output = run.outputs[name]
            assert output.shape == wanted.shape, f"shape {output.shape}, not {wanted.shape}"
            assert output.dtype == wanted.dtype, f"dtype {output.dtype}, not {wanted.dtype}"
            noise = TRANSFORM_NOISE if model.graph.node[0].op_type in TRANSFORMS else 0.0
            least = noise * float(np.max(np.abs(wanted), initial=0)) if noise else 0.0
            _assert_close(output, wanted, case.rtol, max(case.atol, least))
    return dispatches


def _assert_close(output: Any, wanted: Any, rtol: float, atol: float) -> None:
    if output.dtype.name == "bfloat16":
        rtol = max(rtol, BFLOAT16_RELATIVE)
    if output.dtype.isbuiltin != 1:
        # NumPy has no arithmetic of its own for these.
        output, wanted = output.astype(np.float32), wanted.astype(np.float32)
    np.testing.assert_allclose(output, wanted, rtol=rtol, atol=atol)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns arrays by name, those of a sequence one by one, without what is absent."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            raise UnsupportedOperator("input", "maps are unsupported")
        if isinstance(value, list | tuple):
            found |= _flat({item_name(name, at): each for at, each in enumerate(value)})
        elif isinstance(value, onnx.TensorProto):
            found[name] = numpy_helper.to_array(value)
        elif value is not None:
            found[name] = np.asarray(value)
    return found
