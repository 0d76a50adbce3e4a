"""The shader text of each exact operator, from its manifest."""

import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from kernels.codes import Opcode
from kernels.exact.library import HERE
from kernels.tuning import Space

KERNELS = HERE


class ManifestError(RuntimeError):
    """A manifest and its shader do not belong together."""


@dataclass(frozen=True, slots=True)
class Shader:
    """One operator's program, the number of its inputs, and the space of its constants."""

    source: str
    entry_point: str
    inputs: int
    space: Space


def manifest(opcode: Opcode) -> dict[str, Any]:
    """Returns an operator's manifest as written."""
    path = KERNELS / opcode.name.lower() / "manifest.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def joined(folder: Path, sources: list[str]) -> str:
    """Returns the text of a manifest's sources, in order."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in sources)


def source(opcode: Opcode) -> str:
    """Returns an operator's shader text, without the constants that precede it."""
    return joined(KERNELS / opcode.name.lower(), manifest(opcode)["sources"])


@cache
def load_shader(opcode: Opcode) -> Shader:
    """Returns the operator's program.

    Raises ManifestError when the text is not the one whose hash the manifest gives.
    """
    contract, text = manifest(opcode), source(opcode)
    digest = sha256(text.encode()).hexdigest()
    if digest != contract["sha256"]:
        raise ManifestError(f"{opcode.name.lower()}: shader is {digest}, not the manifest's")
    return Shader(
        source=text,
        entry_point=contract["entry_point"],
        inputs=len(contract["bindings"]) - 2,
        space=Space.parse(contract.get("tuning", {})),
    )
