"""Merges products with what makes them int8, so that their int32 sums are not part of the trace.

The job's results keep every bit: a requantisation and a clamp do in one operator what they did in
two or three.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from kernels.codes import ConstantSlot, InputKind, Opcode, Rounding
from kernels.descriptor import NO_ROOT, Descriptor, GraphError, Input, TensorSpec
from kernels.exact import Narrowing, check, operator_of
from kernels.graph.graph import Constants, Graph
from kernels.graph.topology import constant_keys
from kernels.trace import Array, DType, shape4, tensor_root


@dataclass(frozen=True, slots=True)
class _Merged:
    """The operator that replaces a chain, and the table of its channels if it has one."""

    descriptor: Descriptor
    table: Array | None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A graph with fewer operators, and the new place of each operator that is left."""

    graph: Graph
    places: Mapping[int, int]


def narrowed(graph: Graph, results: Collection[int] = ()) -> Narrowed:
    """Returns a graph with the same results in which sums of products are int8 where they can be.

    `results` are the operators besides the last one whose outputs are kept as they are. A product
    is merged with a requantisation that alone reads it, and that with a clamp that alone reads it.
    A chain that would break a rule, such as the bound on operand bytes, stays as it is.
    """
    kept = {*results, len(graph.descriptors) - 1}
    readers = _readers(graph.descriptors)
    ends: dict[int, _Merged] = {}
    gone: set[int] = set()
    for index in range(len(graph.descriptors)):
        chain = _chain(graph, index, readers, kept)
        merged = _merged(graph, chain) if len(chain) > 1 else None
        if merged is not None:
            ends[chain[-1]] = merged
            gone.update(chain[:-1])
    return _without(graph, gone, ends)


def _readers(descriptors: Sequence[Descriptor]) -> Mapping[int, list[int]]:
    """Returns the operators that read each operator's output, once per reading."""
    found: dict[int, list[int]] = {index: [] for index in range(len(descriptors))}
    for index, descriptor in enumerate(descriptors):
        for operand in descriptor.inputs:
            if operand.kind is InputKind.OPERATOR_OUTPUT:
                found[operand.index].append(index)
    return found


def _chain(
    graph: Graph, index: int, readers: Mapping[int, list[int]], kept: Collection[int]
) -> list[int]:
    """Returns a product, its requantisation to int8 and its clamp, as far as they follow it."""
    product = graph.descriptors[index]
    chain = [index]
    if operator_of(product).narrowed is None or product.dtype_in is not DType.INT8:
        return chain
    if product.dtype_out is DType.INT32:
        scaling = _only_reader(graph, chain[-1], Opcode.REQUANTISE, readers, kept)
        if scaling is None:
            return chain
        chain.append(scaling)
    activation = _only_reader(graph, chain[-1], Opcode.RELU, readers, kept)
    return chain if activation is None else [*chain, activation]


def _only_reader(
    graph: Graph,
    source: int,
    wanted: Opcode,
    readers: Mapping[int, list[int]],
    kept: Collection[int],
) -> int | None:
    """Returns the one operator that reads an output, if it has that opcode and writes int8."""
    if source in kept or len(readers[source]) != 1:
        return None
    (found,) = readers[source]
    descriptor = graph.descriptors[found]
    fits = descriptor.opcode is wanted and descriptor.dtype_out is DType.INT8
    return found if fits else None


def _merged(graph: Graph, chain: Sequence[int]) -> _Merged | None:
    """Returns the operator that does what a chain does, or None where none does."""
    product = graph.descriptors[chain[0]]
    merged: _Merged | None = _Merged(product, None)
    for index in chain[1:]:
        step = graph.descriptors[index]
        if step.opcode is Opcode.REQUANTISE:
            merged = _requantised(graph, chain[0], index)
            if merged is None:
                return None
        elif merged is not None:
            merged = replace(merged, descriptor=_clamped(merged.descriptor, step))
    return merged


def _requantised(graph: Graph, product: int, index: int) -> _Merged | None:
    """Returns a product's form to int8, or None where it has none or that breaks a rule."""
    plain, scaling = graph.descriptors[product], graph.descriptors[index]
    if scaling.input_shapes[0][3] != plain.output_shape[3]:
        # Rows of another length are padded otherwise once they are int8.
        return None
    narrow = replace(
        plain,
        dtype_out=DType.INT8,
        rounding=Rounding.HALF_UP,
        zero_point_out=scaling.zero_point_out,
        clamp_low=scaling.clamp_low,
        clamp_high=scaling.clamp_high,
    )
    if plain.opcode is Opcode.MULTIPLY:
        merged = _Merged(replace(narrow, multiplier=scaling.multiplier, shift=scaling.shift), None)
        return None if scaling.per_channel else _checked(merged)
    table = _scales(graph, product, index)
    scaled = replace(
        narrow,
        inputs=(*plain.inputs[:2], Input(InputKind.CONSTANT, ConstantSlot.CHANNELS)),
        input_shapes=(*plain.input_shapes[:2], shape4(table.shape)),
        roots=(plain.roots[0], NO_ROOT, tensor_root(table)),
    )
    return _checked(_Merged(scaled, table))


def _scales(graph: Graph, product: int, index: int) -> Array:
    """Returns the bias of a product, and multiplier and shift of its requantisation."""
    plain, scaling = graph.descriptors[product], graph.descriptors[index]
    bias = None
    if len(plain.inputs) == 3:
        bias = graph.constant(product, ConstantSlot.BIAS_OR_TABLE)
    to = Narrowing(scaling.multiplier, scaling.shift)
    if scaling.per_channel:
        pairs = graph.constant(index, ConstantSlot.CHANNELS).reshape(-1, 2)
        to = Narrowing(pairs[:, 0], pairs[:, 1])
    return to.scales(bias, plain.output_shape[3])


def _checked(merged: _Merged) -> _Merged | None:
    try:
        check(merged.descriptor)
    except GraphError:
        return None
    return merged


def _clamped(descriptor: Descriptor, clamp: Descriptor) -> Descriptor:
    """Returns an operator whose own clamp is followed by another one."""
    low, high = (
        min(max(end, clamp.clamp_low), clamp.clamp_high)
        for end in (descriptor.clamp_low, descriptor.clamp_high)
    )
    return replace(descriptor, clamp_low=low, clamp_high=high)


def _without(graph: Graph, gone: Collection[int], ends: Mapping[int, _Merged]) -> Narrowed:
    """Returns the graph in which merged operators stand at the ends of their chains."""
    left = [index for index in range(len(graph.descriptors)) if index not in gone]
    moved = {old: new for new, old in enumerate(left)}
    constants: dict[tuple[bytes, TensorSpec], Array] = dict(graph.constants)
    descriptors = []
    for index in left:
        descriptor = graph.descriptors[index]
        if index in ends:
            merged = ends[index]
            descriptor = merged.descriptor
            if merged.table is not None:
                spec = TensorSpec(shape4(merged.table.shape), DType.INT32)
                constants[tensor_root(merged.table), spec] = merged.table
        inputs = tuple(
            replace(operand, index=moved[operand.index])
            if operand.kind is InputKind.OPERATOR_OUTPUT
            else operand
            for operand in descriptor.inputs
        )
        descriptors.append(replace(descriptor, inputs=inputs))
    return Narrowed(Graph(tuple(descriptors), _used(descriptors, constants)), moved)


def _used(descriptors: Sequence[Descriptor], constants: Constants) -> Constants:
    return {key: constants[key] for key in constant_keys(descriptors)}
