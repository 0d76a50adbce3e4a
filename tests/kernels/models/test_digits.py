"""The committed digits network."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits

from kernels.graph import Opcode, dump, is_linear
from kernels.graph.reference import execute
from kernels.models import digits
from kernels.models.digits import images, train
from kernels.runtime import GpuExecutor
from tests.kernels.running import assert_equal_bits


def test_held_out_digits_are_apart_from_training() -> None:
    held, labels = digits.held_out()
    rest, others = images.training()
    assert held.shape == digits.graph().inputs[0].shape == (360, 8, 8, 1)
    assert len(labels) + len(others) == 1797
    assert set(labels.tolist()) == set(range(10))
    assert not {image.tobytes() for image in held} & {image.tobytes() for image in rest}


def test_the_images_are_those_that_scikit_learn_loads() -> None:
    pixels, labels = load_digits(return_X_y=True)
    (held, held_labels), (rest, rest_labels) = images.held_out(), images.training()
    order = np.random.RandomState(20).permutation(len(labels))
    found = images.brightness(np.concatenate([held, rest])).reshape(-1, 64) * images.FULL_PIXEL
    assert np.array_equal(found, pixels[order])
    assert np.array_equal(np.concatenate([held_labels, rest_labels]), labels[order])


def test_without_scikit_learn_the_images_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "find_spec", lambda _: None)
    with pytest.raises(images.MissingImagesError, match=r"install neurolov\[digits\]"):
        images.held_out()


def test_accuracy_on_held_out_digits() -> None:
    held, labels = digits.held_out()
    result = execute(digits.graph(), [held])[-1]
    assert digits.accuracy(result, labels) >= 0.97


def test_adapter_gives_the_twins_bits(gpu: GpuExecutor) -> None:
    graph, (held, _) = digits.graph(), digits.held_out()
    assert_equal_bits(graph, execute(graph, [held]), gpu.execute(graph, [held]))


def test_check_costs_at_most_a_tenth_of_the_execution() -> None:
    graph = digits.graph()
    check = 0
    for descriptor in graph.descriptors:
        rows, width = int(np.prod(descriptor.output_shape[:3])), descriptor.output_shape[3]
        taps = descriptor.multiply_adds // (rows * width)
        # Freivalds' check: one vector through the output, one through the input, one through the
        # weights.
        freivalds = rows * width + rows * taps + width * taps
        check += freivalds if is_linear(descriptor) else descriptor.multiply_adds
    assert check <= graph.multiply_adds / 10


def test_graph_uses_the_operators_of_a_network() -> None:
    used = {descriptor.opcode for descriptor in digits.graph().descriptors}
    assert used == {
        Opcode.MATMUL,
        Opcode.CONVOLUTION,
        Opcode.REQUANTISE,
        Opcode.RELU,
        Opcode.MAX_POOL,
        Opcode.ARGMAX,
    }


def test_training_again_gives_the_committed_bytes(tmp_path: Path) -> None:
    again = tmp_path / "again.graph"
    result = CliRunner().invoke(train.main, ["--output", str(again)])
    assert result.exit_code == 0, result.output
    assert "accuracy 0.98" in result.output
    assert again.read_bytes() == digits.GRAPH_PATH.read_bytes() == dump(digits.graph())


def test_images_fill_the_int8_range() -> None:
    held, _ = digits.held_out()
    assert (held.min(), held.max()) == (images.ZERO_POINT, 120)
    assert images.brightness(held).max() == 1.0
