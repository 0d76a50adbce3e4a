"""Builds a graph operator by operator and infers shapes on the way."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from kernels.descriptor import Value
from kernels.exact import Draft
from kernels.exact.add.operator import draft as _add
from kernels.exact.add.operator import narrow_draft as _add_int8
from kernels.exact.argmax.operator import draft as _argmax
from kernels.exact.as_strided.operator import draft as _as_strided
from kernels.exact.concat.operator import draft as _concat
from kernels.exact.convolution.operator import draft as _convolution
from kernels.exact.depthwise.operator import draft as _depthwise
from kernels.exact.gather.operator import draft as _gather
from kernels.exact.layer_norm.operator import draft as _layer_norm
from kernels.exact.lookup.operator import draft as _lookup
from kernels.exact.matmul.operator import draft as _matmul
from kernels.exact.max_pool.operator import draft as _max_pool
from kernels.exact.multiply.operator import draft as _multiply
from kernels.exact.reduce_sum.operator import draft as _reduce_sum
from kernels.exact.relu.operator import draft as _relu
from kernels.exact.requantise.operator import draft as _requantise
from kernels.exact.softmax.operator import draft as _softmax
from kernels.graph.assembly import Assembly
from kernels.graph.movement import Movement

__all__ = ["GraphBuilder", "Value"]

P = ParamSpec("P")


def _appending(draft: Callable[P, Draft]) -> Callable[Concatenate[Assembly, P], Value]:
    """Returns a method that appends what a draft describes."""

    @wraps(draft)
    def method(self: Assembly, /, *args: P.args, **kwargs: P.kwargs) -> Value:
        return self.append(draft(*args, **kwargs))

    return method


class GraphBuilder(Movement):
    """Each method appends one operator and returns its output; GraphError when a rule is broken.

    The methods are typed short forms: `append` takes the draft of any operator.
    """

    add = _appending(_add)
    add_int8 = _appending(_add_int8)
    argmax = _appending(_argmax)
    as_strided = _appending(_as_strided)
    concat = _appending(_concat)
    convolution = _appending(_convolution)
    depthwise = _appending(_depthwise)
    gather = _appending(_gather)
    layer_norm = _appending(_layer_norm)
    lookup = _appending(_lookup)
    matmul = _appending(_matmul)
    max_pool = _appending(_max_pool)
    multiply = _appending(_multiply)
    reduce_sum = _appending(_reduce_sum)
    relu = _appending(_relu)
    requantise = _appending(_requantise)
    softmax = _appending(_softmax)
