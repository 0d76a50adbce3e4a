import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from idl.generation.outputs import render
from idl.generation.schema import ProgramSchema, parse

SAMPLE = Path(__file__).with_name("sample.json")


@pytest.fixture
def sample_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))
    return document


@pytest.fixture
def sample_schema(sample_document: dict[str, Any]) -> ProgramSchema:
    return parse(sample_document)


@pytest.fixture
def sample(
    sample_schema: ProgramSchema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """Module rendered from the sample IDL."""
    source = tmp_path / "sample_bindings.py"
    source.write_text(render(sample_schema), "utf-8")
    spec = importlib.util.spec_from_file_location("sample_bindings", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "sample_bindings", module)
    spec.loader.exec_module(module)
    return module
