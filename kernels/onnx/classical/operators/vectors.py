"""Support vector machines."""

from collections.abc import Sequence

import numpy as np
import onnx

from kernels.onnx.classical.draft import Draft, attributes_of, label, reals
from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.classical.operators.linear import transformed
from kernels.onnx.registration import operator
from kernels.trace.layout import Array


@operator("SVMRegressor")
def svm_regressor(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites the weighted sum of a kernel over the support vectors."""
    attributes = attributes_of(node)
    coefficients, rho = reals(attributes["coefficients"]), reals(attributes["rho"])
    if attributes.get("one_class", 0):
        raise UnsupportedModel(label(node), "a machine of one class has no form here")
    count = int(attributes.get("n_supports", 0))
    x = draft.real(node.input[0])
    if count:
        kept = _kernels(draft, node, x, reals(attributes["support_vectors"]).reshape(count, -1))
        weights = coefficients.reshape(count, 1)
    else:
        # A linear machine states its weights in place of support vectors.
        kept, weights = x, coefficients.reshape(-1, 1)
    scores = draft.node("Gemm", kept, draft.constant(weights), draft.constant(rho[:1]))
    return (transformed(draft, node, scores),)


def _kernels(draft: Draft, node: onnx.NodeProto, x: str, vectors: Array) -> str:
    """Returns the kernel of every row with every support vector, [N, vectors]."""
    attributes = attributes_of(node)
    parameters = [*attributes.get("kernel_params", ()), 0.0, 0.0, 0.0][:3]
    gamma, offset, degree = (reals(each) for each in parameters)
    kind = attributes.get("kernel_type", "LINEAR")
    if kind == "RBF":
        rows = draft.reshaped(x, -1, 1, vectors.shape[1])
        apart = draft.node("Sub", rows, draft.constant(vectors))
        square = draft.reduced("ReduceSum", draft.node("Mul", apart, apart), -1, keep=False)
        return draft.node("Exp", draft.node("Mul", square, draft.constant(-gamma)))
    product = draft.node("MatMul", x, draft.constant(np.ascontiguousarray(vectors.T)))
    if kind == "LINEAR":
        return product
    scaled = draft.node("Mul", product, draft.constant(gamma))
    moved = draft.node("Add", scaled, draft.constant(offset))
    match kind:
        case "POLY":
            return draft.node("Pow", moved, draft.constant(degree))
        case "SIGMOID":
            return draft.node("Tanh", moved)
        case _:
            raise UnsupportedModel(label(node), f"kernel {kind} has no form here")
