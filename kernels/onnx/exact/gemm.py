"""Rewrites Gemm as Transpose, MatMul, Mul and Add, which have one exact form each."""

from dataclasses import replace

import numpy as np

from kernels.onnx.exact.network import Network, Node, Weights
from kernels.trace.layout import Array


def without_gemm(network: Network) -> Network:
    """Returns a network in which every Gemm, alpha · A · B + beta · C, is products and sums.

    Factors of constants are multiplied out. A constant C that is a row becomes a bias.
    """
    constants = dict(network.constants)
    nodes: list[Node] = []
    for node in network.nodes:
        if node.kind == "Gemm":
            _rewrite(node, nodes, constants)
        else:
            nodes.append(node)
    return replace(network, nodes=tuple(nodes), constants=constants)


def _rewrite(node: Node, nodes: list[Node], constants: dict[str, Array | Weights]) -> None:
    output = node.outputs[0]
    alpha, beta = (float(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))

    def append(kind: str, step: str, *inputs: str, last: bool = False, **attributes: object) -> str:
        made = output if last else f"{output}/{step}"
        nodes.append(Node(kind, node.name, inputs, (made,), attributes))
        return made

    def constant(step: str, value: Array | Weights) -> str:
        constants[f"{output}/{step}"] = value
        return f"{output}/{step}"

    factors = []
    for name, turned in zip(node.inputs, ("transA", "transB"), strict=False):
        found = constants.get(name)
        if not node.attributes.get(turned, 0):
            factors.append(name)
        elif found is None:
            factors.append(append("Transpose", turned, name, perm=(1, 0)))
        else:
            factors.append(constant(turned, _transposed(found)))
    for place, name in enumerate(factors):
        found = constants.get(name)
        if found is not None and alpha != 1.0:
            factors[place] = constant("alpha", _times(found, alpha))
            alpha = 1.0
    added = node.inputs[2] if len(node.inputs) > 2 and beta != 0.0 else ""
    found = constants.get(added)
    if found is not None and beta != 1.0:
        found = _times(found, beta)
        added = constant("beta", found)
    width = constants.get(factors[1])
    if found is not None and width is not None and alpha == 1.0 and _is_row(found, width):
        spread = np.broadcast_to(_real(found).reshape(-1), _shape(width)[1:])
        append("MatMul", "product", *factors, constant("bias", np.array(spread)), last=True)
        return
    scaled = alpha != 1.0
    product = append("MatMul", "product", *factors, last=not scaled and not added)
    if scaled:
        factor = constant("factor", np.asarray(alpha, np.float32))
        product = append("Mul", "scaled", product, factor, last=not added)
    if added:
        if found is None and beta != 1.0:
            added = append("Mul", "added", added, constant("beta", np.asarray(beta, np.float32)))
        append("Add", "sum", product, added, last=True)


def _is_row(found: Array | Weights, weights: Array | Weights) -> bool:
    shape = _shape(found)
    return not any(size > 1 for size in shape[:-1]) and shape[-1:] in (
        (),
        (1,),
        _shape(weights)[1:],
    )


def _transposed(found: Array | Weights) -> Array | Weights:
    if isinstance(found, Weights):
        axis = 1 - found.axis if found.scale.ndim else found.axis
        return Weights(found.values.T, found.scale, axis)
    return found.T


def _times(found: Array | Weights, factor: float) -> Array | Weights:
    if not isinstance(found, Weights):
        return np.asarray(found * factor)
    if factor == 0.0:
        return Weights(np.zeros_like(found.values), np.ones_like(found.scale), found.axis)
    sign = np.int16(1 if factor > 0 else -1)
    return Weights(found.values * sign, found.scale * abs(factor), found.axis)


def _real(found: Array | Weights) -> Array:
    return found.real if isinstance(found, Weights) else np.asarray(found, np.float64)


def _shape(found: Array | Weights) -> tuple[int, ...]:
    return found.values.shape if isinstance(found, Weights) else found.shape
