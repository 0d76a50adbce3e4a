"""Rewrites ONNX operators as others that have an exact form, with the same results.

Every tensor between them is a tensor of an ONNX model, so calibration observes it as any other.
"""

from collections.abc import Callable, Mapping

import onnx

from kernels.onnx.classical import TREES, UnsupportedModel, rewritten
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.expansion.branches import inlined
from kernels.onnx.exact.expansion.draft import Draft, Unready
from kernels.onnx.registration import lowerings

__all__ = ["expanded", "inlined"]

# Appends the nodes that replace one, or returns false where the node stays as it is.
Rule = Callable[[Draft, onnx.NodeProto], bool]

RULES: Mapping[str, Rule] = lowerings(__name__)


def expanded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns an equal model without the operators that have a rule here, as far as it applies.

    Raises LoweringError for all nodes whose attributes or operands have no exact form.
    """
    try:
        found = rewritten(inlined(model), keep=TREES)
    except UnsupportedModel as error:
        raise LoweringError(error.node, error.why) from error
    shapes: dict[str, tuple[int, ...]] = {}
    # What one pass makes may be what another rule reads.
    while any(node.op_type in RULES for node in found.graph.node):
        draft = Draft(found, shapes)
        errors: list[LoweringError] = []
        changed = [_replace(draft, node, errors) for node in draft.left]
        if errors:
            raise LoweringError.of(errors)
        if not any(changed):
            break
        found = draft.model()
    return found


def _replace(draft: Draft, node: onnx.NodeProto, errors: list[LoweringError]) -> bool:
    try:
        replaced = node.op_type in RULES and RULES[node.op_type](draft, node)
    except Unready:
        replaced = False
    except LoweringError as error:
        errors.append(error)
        replaced = False
    if not replaced:
        draft.keep(node)
    return replaced
