"""The shader text of each exact operator, from its manifest."""

import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from kernels.codes import Opcode
from kernels.exact.library import HERE, operator_of
from kernels.graph import Descriptor
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


def form(opcode: Opcode, *, narrowed: bool = False) -> dict[str, Any]:
    """Returns the manifest's part about an operator's plain form, or about the one to int8."""
    contract = manifest(opcode)
    return {**contract, **contract["narrowed"]} if narrowed else contract


def source(opcode: Opcode, *, narrowed: bool = False) -> str:
    """Returns the shader text of an operator's form, without the constants that precede it."""
    return joined(KERNELS / opcode.name.lower(), form(opcode, narrowed=narrowed)["sources"])


def shader_of(descriptor: Descriptor) -> Shader:
    """Returns the program of the form that a descriptor has; raises as `load_shader` does."""
    narrowed = operator_of(descriptor).is_narrowed(descriptor)
    return load_shader(descriptor.opcode, narrowed=narrowed)


@cache
def load_shader(opcode: Opcode, *, narrowed: bool = False) -> Shader:
    """Returns the program of an operator's plain form, or of the one to int8.

    Raises ManifestError when the text is not the one whose hash the manifest gives.
    """
    contract, text = form(opcode, narrowed=narrowed), source(opcode, narrowed=narrowed)
    digest = sha256(text.encode()).hexdigest()
    if digest != contract["sha256"]:
        raise ManifestError(f"{opcode.name.lower()}: shader is {digest}, not the manifest's")
    return Shader(
        source=text,
        entry_point=contract["entry_point"],
        inputs=len(contract["bindings"]) - 2,
        space=Space.parse(contract.get("tuning", {})),
    )
