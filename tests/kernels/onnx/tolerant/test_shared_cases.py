"""Small files that once gave a wrong answer, where they lie beside the repository."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernels.onnx.reading import input_shapes, read_model
from kernels.onnx.tolerant import TolerantRunner

CASES = Path(__file__).parents[5] / "shared" / "cases" / "onnx"
NAN = np.nan
RIGHT: dict[str, dict[str, Any]] = {
    "cast_bool": {"y": [True, True, True, True, True, False, False]},
    "clip_int64_big": {"y": [-3, 0, 5]},
    "f16_reducemean": {"y": 100},
    "reducemax_nan": {"y": [NAN, NAN, NAN, 3]},
    "sign_nan": {"y": [NAN, 1, -1, 1, -1, 0, 0]},
    "tanh_nan": {"y": [NAN, np.float32(np.tanh(1.0))]},
    "topk_nan": {"v": [[NAN, NAN, 3]], "i": [[1, 4, 2]]},
}

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the files lie beside the repository")


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_gives_the_right_values(name: str) -> None:
    model = read_model(CASES / f"{name}.onnx")
    with np.load(CASES / f"{name}.npz") as archive:
        inputs = {key: archive[key] for key in archive.files}
    outputs = TolerantRunner().run(model, inputs).outputs
    for key, wanted in RIGHT[name].items():
        np.testing.assert_allclose(outputs[key], np.array(wanted), rtol=1e-6)


def test_a_length_of_minus_one_is_open() -> None:
    model = read_model(CASES / "dim_minus1.onnx")
    with np.load(CASES / "dim_minus1.in.npz") as archive:
        x = archive["x"]
    assert input_shapes(model, {"x": x.shape}) == {"x": x.shape}
    np.testing.assert_array_equal(
        TolerantRunner().run(model, {"x": x}).outputs["y"], np.maximum(x, 0)
    )
