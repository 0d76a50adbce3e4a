"""Classifiers with random weights: the layouts that their papers state, and the file's writer."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

from kernels.models.vision import NETWORKS, images
from kernels.models.vision.__main__ import main
from kernels.onnx.reading import read_model, summarise

SIZE = 32


@pytest.mark.parametrize(
    ("network", "parameters", "macs"),
    # The papers state 3.5 and 11.7 million parameters, 0.30 and 1.8 billion multiply-adds.
    [("mobilenet", 3_487_818, 300_774_272), ("resnet", 11_684_712, 1_814_073_344)],
)
def test_cost(network: str, parameters: int, macs: int) -> None:
    found = summarise(NETWORKS[network]())
    assert found.parameters == parameters
    assert found.multiply_adds == macs


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_scores_depend_on_the_image(network: str) -> None:
    model = NETWORKS[network](SIZE, 10, seed=1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    scores = [session.run(None, {"image": each[None]})[0] for each in images(3, SIZE)]
    assert all(np.isfinite(each).all() and each.shape == (1, 10) for each in scores)
    assert np.abs(scores[0] - scores[1]).max() > 0.1


def test_equal_seeds_give_equal_bytes() -> None:
    first, second = (NETWORKS["mobilenet"](SIZE, 10, seed=3) for _ in range(2))
    assert first.SerializeToString() == second.SerializeToString()
    assert first != NETWORKS["mobilenet"](SIZE, 10, seed=4)
    assert np.array_equal(images(2, SIZE, 5), images(2, SIZE, 5))


def test_writes_model_and_calibration(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    arguments = ["resnet", "--size", "32", "--classes", "4", "--samples", "2", "-o", str(path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert read_model(path).graph == NETWORKS["resnet"](32, 4, 0).graph
    with np.load(tmp_path / "small.npz") as held:
        assert np.array_equal(held["image"], images(2, 32, 0))


def test_too_small_an_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    result = CliRunner().invoke(main, ["resnet", "--size", "16", "-o", str(path)])
    assert result.exit_code == 2
    assert "16 is not in the range x>=32" in result.output
    assert not path.exists()


def test_images_are_normalised() -> None:
    found = images(4, 64)
    assert found.dtype == np.float32
    assert found.shape == (4, 3, 64, 64)
    assert -2.2 < found.min() < found.max() < 2.7
