import json
from pathlib import Path

import pytest

from keeper.cli.app import run
from tests.kernels.onnx.models import chain, write


def test_inspect_tells_what_a_model_is_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "m.onnx", chain())
    assert run(["model", "inspect", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["operators"] == {"MatMul": 1, "Relu": 1}
    assert document["inputs"] == [{"name": "x", "type": "float", "shape": [2, 4]}]
    assert (document["parameters"], document["multiply_adds"]) == (12, 24)


def test_inspect_refuses_what_is_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"no model")
    assert run(["model", "inspect", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "BadFile" in told.err
