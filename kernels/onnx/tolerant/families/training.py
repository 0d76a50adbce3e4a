"""The steps of optimisers: new weights and states from weights, gradients and states."""

from collections.abc import Callable

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import literal

_DOMAIN = "ai.onnx.preview.training"
# Takes the rate, the number of earlier steps, a weight, its gradient and its states.
_Step = Callable[[Node, Value, Value, list[Value]], list[Value]]


def _each(node: Node, states: int, step: _Step) -> list[Value]:
    """Returns the results of a step for every weight: first all weights, then all first states."""
    parts = 2 + states
    count = (len(node.inputs) - 2) // parts
    columns: list[list[Value]] = [[] for _ in range(1 + states)]
    for at in range(count):
        given = [node.input(2 + part * count + at) for part in range(parts)]
        found = step(node, node.input(0), node.input(1), given)
        for column, value in zip(columns, found, strict=True):
            column.append(value)
    return [value for column in columns for value in column]


def _mapped(node: Node, inputs: list[Value], code: str) -> Value:
    like = inputs[0]
    node.floating(like)
    return node.emit(inputs, like.shape, like.element, code)


def _gradient(node: Node) -> str:
    return f"({literal(node.attribute('norm_coefficient', 0.0))} * $0[i] + $1[i])"


@operator(f"{_DOMAIN}.Adagrad")
def adagrad(node: Node) -> list[Value]:
    """Lowers Adagrad: the rate falls with the sum of the gradients' squares."""

    def step(node: Node, rate: Value, done: Value, given: list[Value]) -> list[Value]:
        x, g, h = given
        new = _mapped(node, [x, g, h], f"let g = {_gradient(node)}; let r = $2[i] + g * g;")
        decay = literal(node.attribute("decay_factor", 0.0))
        epsilon = literal(node.attribute("epsilon", 1e-6))
        code = (
            f"let g = {_gradient(node)}; let rate = $3[0] / (1.0 + f32($4[0]) * {decay}); "
            f"let r = $0[i] - rate * g / (sqrt($2[i]) + {epsilon});"
        )
        return [_mapped(node, [x, g, new, rate, done], code), new]

    return _each(node, 1, step)


@operator(f"{_DOMAIN}.Adam")
def adam(node: Node) -> list[Value]:
    """Lowers Adam: the mean gradient over the root of the mean square."""
    alpha, beta = node.attribute("alpha", 0.9), node.attribute("beta", 0.999)

    def step(node: Node, rate: Value, done: Value, given: list[Value]) -> list[Value]:
        x, g, v, h = given
        means = []
        for state, kept, term in ((v, alpha, "g"), (h, beta, "g * g")):
            code = (
                f"let g = {_gradient(node)}; let r = {literal(kept)} * $2[i] "
                f"+ {literal(1 - kept)} * ({term});"
            )
            means.append(_mapped(node, [x, g, state], code))
        code = (
            "let t = f32($4[0]); var rate = $3[0]; if (t > 0.0) { "
            f"rate = rate * sqrt(1.0 - power({literal(beta)}, t)) "
            f"/ (1.0 - power({literal(alpha)}, t)); }} "
            f"let r = {literal(1 - node.attribute('norm_coefficient_post', 0.0))} * ($0[i] - rate "
            f"* $1[i] / (sqrt($2[i]) + {literal(node.attribute('epsilon', 1e-6))}));"
        )
        return [_mapped(node, [x, *means, rate, done], code), *means]

    return _each(node, 2, step)


@operator(f"{_DOMAIN}.Momentum")
def momentum(node: Node) -> list[Value]:
    """Lowers Momentum: plain, or Nesterov's, which looks one step ahead."""
    alpha, beta = literal(node.attribute("alpha")), literal(node.attribute("beta"))

    def step(node: Node, rate: Value, done: Value, given: list[Value]) -> list[Value]:
        x, g, v = given
        code = (
            f"let g = {_gradient(node)}; let kept = select(1.0, {beta}, f32($3[0]) > 0.0); "
            f"let r = {alpha} * $2[i] + kept * g;"
        )
        new = _mapped(node, [x, g, v, done], code)
        ahead = "$2[i]"
        if node.attribute("mode") == b"nesterov":
            ahead = f"({_gradient(node)} + {alpha} * $2[i])"
        return [_mapped(node, [x, g, new, rate], f"let r = $0[i] - $3[0] * {ahead};"), new]

    return _each(node, 1, step)
