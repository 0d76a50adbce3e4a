"""Marks tests that read the transformer's weights."""

from importlib.util import find_spec

import pytest

from kernels.models.minilm.package import PACKAGES

needs_weights = pytest.mark.skipif(
    any(find_spec(name) is None for name in PACKAGES),
    reason="the extra minilm is not installed: `make minilm` brings the weights",
)
