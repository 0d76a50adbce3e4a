"""Lengths for the axes of a model's inputs that have none of their own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import onnx

from kernels.onnx.reading.structure import subgraphs

OPEN = -1
Axes = list[int | str | None]


class OpenAxes(ValueError):  # noqa: N818
    """Inputs need shapes that nobody gave, or a given shape does not fit.

    label: the inputs. why: the rule, and what to give.
    """

    def __init__(self, label: str, why: str) -> None:
        super().__init__(f"{label}: {why}")
        self.label = label
        self.why = why


def open_axes(graph: onnx.GraphProto) -> None:
    """Removes lengths of -1, by which some exporters mean an open axis."""
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.WhichOneof("value") != "tensor_type":
            continue
        for axis in value.type.tensor_type.shape.dim:
            if axis.HasField("dim_value") and axis.dim_value == OPEN:
                axis.ClearField("dim_value")
    for node in graph.node:
        for body in subgraphs(node):
            open_axes(body)


def input_shapes(
    model: onnx.ModelProto, given: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Returns the shape of every input tensor of a checked model, without its initialisers.

    `given` holds shapes by input, and lengths by the name of an axis: {"batch": (1,)}. A length
    that is given for one input holds for axes of the same name in the others. An axis of length 0
    is open. Raises OpenAxes, which lists everything that must still be given.
    """
    found, missing = _filled(model, given)
    if missing:
        raise _refusal(missing)
    return found


def given_shapes(
    model: onnx.ModelProto, given: Mapping[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of the inputs that `given` sizes, as `input_shapes` reads it.

    Inputs that it leaves open are left out. Raises OpenAxes for names and shapes that do not fit.
    """
    found, _ = _filled(model, given)
    declared = {name: _axes(port) for name, port in _ports(model).items()}
    return {name: shape for name, shape in found.items() if declared[name] != list(shape)}


@contextmanager
def ranks_declared(model: onnx.ModelProto) -> Iterator[None]:
    """Gives inputs and outputs of any rank a shape for a while, because onnx.checker wants one."""
    bare = [
        port.type.tensor_type
        for port in (*model.graph.input, *model.graph.output)
        if port.type.WhichOneof("value") == "tensor_type"
        and not port.type.tensor_type.HasField("shape")
    ]
    for tensor in bare:
        tensor.shape.SetInParent()
    try:
        yield
    finally:
        for tensor in bare:
            tensor.ClearField("shape")


def _filled(
    model: onnx.ModelProto, given: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, tuple[int, ...]], dict[str, Axes | None]]:
    """Returns the inputs whose shape is known, and the axes of the others."""
    ports = _ports(model)
    declared = {name: _axes(port) for name, port in ports.items()}
    lengths = _lengths(declared, given)
    found: dict[str, tuple[int, ...]] = {}
    missing: dict[str, Axes | None] = {}
    for name, axes in declared.items():
        if name in given:
            found[name] = _fitting(name, axes, given[name])
            continue
        filled = None if axes is None else [lengths.get(each, each) for each in axes]
        whole = [each for each in filled or [] if isinstance(each, int)]
        if filled is None or len(whole) != len(filled):
            missing[name] = filled
        else:
            found[name] = tuple(whole)
    return found, missing


def sized(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Returns a copy of the model in which inputs have the shapes that are given by name."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in copy.graph.input:
        if value.name in shapes:
            del value.type.tensor_type.shape.dim[:]
            for size in shapes[value.name]:
                value.type.tensor_type.shape.dim.add(dim_value=size)
    return copy


def _ports(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    held = {tensor.name for tensor in model.graph.initializer}
    return {
        port.name: port
        for port in model.graph.input
        if port.name not in held and port.type.WhichOneof("value") == "tensor_type"
    }


def _axes(port: onnx.ValueInfoProto) -> Axes | None:
    """Returns lengths, names, and None for other open axes; None where the rank is open too."""
    tensor = port.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [axis.dim_value or axis.dim_param or None for axis in tensor.shape.dim]


def _lengths(
    declared: Mapping[str, Axes | None], given: Mapping[str, tuple[int, ...]]
) -> dict[int | str | None, int]:
    """Returns the lengths of named axes; a name with two lengths stays open."""
    found: dict[int | str | None, int] = {}
    torn: set[str] = set()
    names = {each for axes in declared.values() for each in axes or [] if isinstance(each, str)}
    for name, shape in given.items():
        axes = declared.get(name)
        if name not in declared:
            if name not in names or len(shape) != 1:
                raise _unknown(name, declared, names)
            axes = [name]
        for axis, length in zip(axes or [], shape, strict=False):
            if isinstance(axis, str) and found.setdefault(axis, length) != length:
                torn.add(axis)
    return {name: length for name, length in found.items() if name not in torn}


def _fitting(name: str, axes: Axes | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    fits = axes is None or (
        len(axes) == len(shape)
        and all(
            not isinstance(axis, int) or axis == length
            for axis, length in zip(axes, shape, strict=True)
        )
    )
    if not fits or min(shape, default=1) < 1:
        told = ",".join(map(str, shape))
        raise OpenAxes(
            f"input {name!r}", f"the shape {told} does not fit {_text(axes)}: {_option(name, axes)}"
        )
    return shape


def _refusal(missing: Mapping[str, Axes | None]) -> OpenAxes:
    label = ", ".join(f"{name!r} {_text(axes)}" for name, axes in missing.items())
    options = " ".join(_option(name, axes) for name, axes in missing.items())
    names = {axis for axes in missing.values() for axis in axes or [] if isinstance(axis, str)}
    named = "".join(f" --shape {name}=1" for name in sorted(names))
    alone = names and all(None not in (axes or [None]) for axes in missing.values())
    more = f", or each name once:{named}" if alone else ""
    return OpenAxes(
        f"input{'s' if len(missing) > 1 else ''} {label}",
        f"an axis has no fixed size; give every axis a size: {options}{more}",
    )


def _unknown(name: str, inputs: Mapping[str, object], axes: set[str]) -> OpenAxes:
    told = f"its inputs are {', '.join(inputs) or 'none'}"
    if axes:
        told += f", its named axes {', '.join(sorted(axes))}"
    return OpenAxes(f"--shape {name}", f"the model has no such input or axis; {told}")


def _text(axes: Sequence[int | str | None] | None) -> str:
    if axes is None:
        return "of any rank"
    return f"[{', '.join('?' if axis is None else str(axis) for axis in axes)}]"


def _option(name: str, axes: Sequence[int | str | None] | None) -> str:
    if axes is None:
        return f"--shape {name}=..."
    sizes = ",".join(str(axis) if isinstance(axis, int) else "?" for axis in axes)
    return f"--shape {name}={sizes}"
