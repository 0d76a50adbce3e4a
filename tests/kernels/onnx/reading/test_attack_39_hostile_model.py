"""Hostile models: each is refused with its reason, and no file outside the folder is read."""

import os
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from kernels.onnx.reading import ModelError, Reason, read_model
from kernels.onnx.reading.structure import MAX_NESTING
from tests.kernels.onnx.models import chain, floats, model, write

SECRET = b"\x11" * 48


def external(location: str, **fields: str) -> onnx.ModelProto:
    found = chain()
    weights = found.graph.initializer[0]
    weights.ClearField("float_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **fields}.items():
        weights.external_data.add(key=key, value=value)
    return found


def refusal(path: Path) -> Reason:
    with pytest.raises(ModelError) as caught:
        read_model(path)
    return caught.value.reason


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder, with a secret beside it and links to the secret inside."""
    (tmp_path / "secret").write_bytes(SECRET)
    inside = tmp_path / "model"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "up").symlink_to(tmp_path)
    return inside


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records the names that the operating system is asked to open."""
    names: list[str] = []
    plain = os.open

    def record(path: str, *arguments: int) -> int:
        names.append(str(path))
        return plain(path, *arguments)

    monkeypatch.setattr(os, "open", record)
    return names


@pytest.mark.parametrize(
    "location",
    ["../secret", "a/../../secret", "link", "up/secret", "/etc/passwd", "", ".", "..",
     "..\\secret", "C:secret", "C:\\secret", "\\\\host\\share", "x\0y"],
)  # fmt: skip
def test_attack_39_external_data_outside_the_folder_is_refused(
    folder: Path, opened: list[str], location: str
) -> None:
    path = write(folder / "m.onnx", external(location))
    opened.clear()
    assert refusal(path) is Reason.EXTERNAL_PATH
    assert opened == []


def test_attack_39_an_absolute_path_is_refused_even_to_the_folder_itself(folder: Path) -> None:
    (folder / "weights").write_bytes(SECRET)
    path = write(folder / "m.onnx", external(str(folder / "weights")))
    assert refusal(path) is Reason.EXTERNAL_PATH


def test_attack_39_every_path_is_judged_before_a_file_is_opened(
    folder: Path, opened: list[str]
) -> None:
    (folder / "weights").write_bytes(SECRET)
    content = external("weights")
    second = content.graph.initializer.add()
    second.CopyFrom(content.graph.initializer[0])
    second.name = "v"
    second.external_data[0].value = "../secret"
    path = write(folder / "m.onnx", content)
    opened.clear()
    assert refusal(path) is Reason.EXTERNAL_PATH
    assert opened == []


def test_external_data_in_the_folder_is_loaded(folder: Path) -> None:
    (folder / "weights").write_bytes(b"\xff" * 16 + SECRET)
    found = read_model(write(folder / "m.onnx", external("weights", offset="16", length="48")))
    assert found.graph.initializer[0].raw_data == SECRET


@pytest.mark.parametrize(
    ("fields", "size"),
    [({}, 47), ({"offset": "1"}, 48), ({"offset": "-1"}, 48), ({"length": "12"}, 48),
     ({"length": "-1"}, 48), ({"offset": "x"}, 48), ({"offset": str(1 << 62)}, 48)],
)  # fmt: skip
def test_attack_39_external_data_that_does_not_fit_is_refused(
    folder: Path, fields: dict[str, str], size: int
) -> None:
    (folder / "weights").write_bytes(SECRET[:size])
    path = write(folder / "m.onnx", external("weights", **fields))
    assert refusal(path) is Reason.EXTERNAL_DATA


def test_attack_39_a_pipe_as_external_data_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "weights")
    path = write(folder / "m.onnx", external("weights"))
    assert refusal(path) is Reason.EXTERNAL_DATA


def test_external_data_that_is_missing_is_refused(folder: Path) -> None:
    assert refusal(write(folder / "m.onnx", external("weights"))) is Reason.EXTERNAL_DATA


def circle() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "second"),
    ]
    return model(nodes, [floats("x", 1)], [floats("b", 1)])


def unsorted() -> onnx.ModelProto:
    nodes = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Relu", ["x"], ["a"])]
    return model(nodes, [floats("x", 1)], [floats("b", 1)])


def own_output() -> onnx.ModelProto:
    return model([helper.make_node("Relu", ["y"], ["y"])], [floats("x", 1)], [floats("y", 1)])


def undefined() -> onnx.ModelProto:
    return model([helper.make_node("Relu", ["n"], ["y"])], [floats("x", 1)], [floats("y", 1)])


def unmade_output() -> onnx.ModelProto:
    return model([helper.make_node("Relu", ["x"], ["y"])], [floats("x", 1)], [floats("z", 1)])


def twice() -> onnx.ModelProto:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"])]
    return model(nodes, [floats("x", 1)], [floats("y", 1)])


def same_initializers() -> onnx.ModelProto:
    found = chain()
    found.graph.initializer.append(found.graph.initializer[0])
    return found


def dims(*shape: int) -> Callable[[], onnx.ModelProto]:
    def build() -> onnx.ModelProto:
        found = chain()
        weights = found.graph.initializer[0]
        del weights.dims[:]
        weights.dims.extend(shape)
        return found

    return build


def port(*shape: int) -> Callable[[], onnx.ModelProto]:
    def build() -> onnx.ModelProto:
        found = chain()
        found.graph.input[0].CopyFrom(floats("x", *shape))
        return found

    return build


def opset(version: int) -> Callable[[], onnx.ModelProto]:
    def build() -> onnx.ModelProto:
        found = chain()
        found.opset_import[0].version = version
        return found

    return build


def strings() -> onnx.ModelProto:
    found = chain()
    found.graph.initializer[0].CopyFrom(
        TensorProto(name="w", data_type=TensorProto.STRING, dims=[1], string_data=[b"text"])
    )
    return found


def sparse() -> onnx.ModelProto:
    found = chain()
    values = helper.make_tensor("s", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("", TensorProto.INT64, [1], [0])
    found.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [1 << 30]))
    return found


def nested() -> onnx.ModelProto:
    body = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["r0"])], "body", [], [floats("r0", 1)]
    )
    for depth in range(1, MAX_NESTING + 1):
        node = helper.make_node("If", ["c"], [f"r{depth}"], then_branch=body, else_branch=body)
        body = helper.make_graph([node], "body", [], [floats(f"r{depth}", 1)])
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    return model(body.node, [floats("x", 1), condition], body.output)


def functions(calls: int) -> Callable[[], onnx.ModelProto]:
    """Each of 20 functions calls the next `calls` times; with 0, the last calls the first."""

    def build() -> onnx.ModelProto:
        found = chain()
        found.opset_import.append(helper.make_opsetid("local", 1))
        imports = [helper.make_opsetid("", 22), helper.make_opsetid("local", 1)]
        for number in range(20):
            called = f"f{number + 1}" if number < 19 else ("Relu" if calls else "f0")
            domain = "" if called == "Relu" else "local"
            nodes = [
                helper.make_node(called, ["x"], ["y" if not at else f"y{at}"], domain=domain)
                for at in range(max(calls, 1))
            ]
            found.functions.append(
                helper.make_function("local", f"f{number}", ["x"], ["y"], nodes, imports)
            )
        found.graph.node[1].domain, found.graph.node[1].op_type = "local", "f0"
        return found

    return build


def unknown_operator() -> onnx.ModelProto:
    return model([helper.make_node("Nonsense", ["x"], ["y"])], [floats("x", 1)], [floats("y", 1)])


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (circle, Reason.CYCLE),
        (own_output, Reason.CYCLE),
        (unsorted, Reason.NOT_SORTED),
        (undefined, Reason.UNDEFINED_INPUT),
        (unmade_output, Reason.UNDEFINED_INPUT),
        (twice, Reason.DUPLICATE_NAME),
        (same_initializers, Reason.DUPLICATE_NAME),
        (dims(-1, 3), Reason.BAD_DIMENSION),
        (dims(1 << 40), Reason.BAD_DIMENSION),
        (dims(*[1] * 17), Reason.BAD_DIMENSION),
        (dims(1 << 20, 1 << 20), Reason.TENSOR_LIMIT),
        (dims(1 << 20, 1 << 9), Reason.BAD_TENSOR),
        (port(-5, 2), Reason.BAD_DIMENSION),
        (port(1 << 62), Reason.BAD_DIMENSION),
        (port(1 << 30, 1 << 30), Reason.TENSOR_LIMIT),
        (opset(6), Reason.BAD_VERSION),
        (opset(1 << 20), Reason.BAD_VERSION),
        (strings, Reason.UNSUPPORTED_TYPE),
        (sparse, Reason.UNSUPPORTED_TYPE),
        (nested, Reason.NESTING_LIMIT),
        (functions(0), Reason.CYCLE),
        (functions(2), Reason.NODE_LIMIT),
        (unknown_operator, Reason.CHECKER),
    ],
)
def test_attack_39_a_malformed_model_is_refused(
    tmp_path: Path, build: Callable[[], onnx.ModelProto], reason: Reason
) -> None:
    assert refusal(write(tmp_path / "m.onnx", build())) is reason


@pytest.mark.parametrize("data", [b"", b"\x00", b"not a model", b"\x0a\xff\xff\xff\xff\x7f"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    assert refusal(path) is Reason.BAD_FILE


def test_attack_39_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 31)
    assert refusal(path) is Reason.TOO_LARGE


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) is Reason.BAD_FILE
    assert refusal(tmp_path / "none.onnx") is Reason.BAD_FILE
