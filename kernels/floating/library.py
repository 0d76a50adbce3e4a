"""Finds float kernels: every folder with a manifest is one."""

import importlib.util
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from kernels.floating.definition import (
    ELEMENTS,
    Binding,
    Bound,
    Kernel,
    Role,
    Tolerance,
    Twin,
)
from kernels.runtime.shader import ManifestError

HERE = Path(__file__).parent

_FEATURES = {"f32": (), "f16": ("shader-f16",)}


def library(*paths: Path) -> Mapping[str, Kernel]:
    """Returns kernels by name from the folders inside each path, by default this one; later paths
    win.

    Raises ManifestError when a folder's source does not have the hash in its manifest.
    """
    found: dict[str, Kernel] = {}
    for path in paths or (HERE,):
        for manifest in sorted(path.glob("*/manifest.toml")):
            found |= {kernel.name: kernel for kernel in read_folder(manifest.parent)}
    return found


def read_folder(folder: Path) -> Iterator[Kernel]:
    """Yields the folder's kernels, one per element type; raises ManifestError on a wrong hash."""
    contract = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    source = _text(folder, contract.get("sources", ["kernel.wgsl"]))
    naive = _text(folder, contract.get("naive_sources", ["naive.wgsl"]))
    subgroup = _text(folder, contract.get("subgroup_sources", []))
    texts = [source, naive, *([subgroup] if subgroup else [])]
    digest = sha256("\n".join(texts).encode()).hexdigest()
    if digest != contract["sha256"]:
        raise ManifestError(f"{folder.name}: shader is {digest}, not the manifest's")
    twin = cast(Twin, _module(folder))
    for element in contract["elements"]:
        yield Kernel(
            name=f"{folder.name}_{element}",
            element=element,
            features=(*_FEATURES[element], *contract.get("features", [])),
            bindings=tuple(_binding(item, element) for item in contract["bindings"]),
            bounds={name: Bound(**bound) for name, bound in contract.get("bounds", {}).items()},
            parameters=tuple(contract["parameters"]),
            constants=tuple(contract.get("constants", [])),
            settings={name: tuple(each) for name, each in contract.get("settings", {}).items()},
            tolerance=Tolerance(**contract["tolerance"][element]),
            tuning=contract.get("tuning", {}),
            source=source,
            naive_source=naive,
            subgroup_source=subgroup,
            sha256=digest,
            twin=twin,
        )


def _text(folder: Path, names: Iterable[str]) -> str:
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _binding(item: Mapping[str, Any], element: str) -> Binding:
    role = Role(item["role"])
    dtype = item.get("dtype", "element")
    return Binding(
        name=item["name"],
        role=role,
        dtype=None
        if role is Role.PARAMETERS
        else np.dtype(ELEMENTS[element] if dtype == "element" else dtype),
        axes=tuple(item.get("axes", [])),
        positive=item.get("positive", False),
    )


def _module(folder: Path) -> ModuleType:
    """Returns the folder's reference.py as a module, wherever the folder lies."""
    path = folder / "reference.py"
    name = f"{__package__}.{folder.name}.reference" if folder.parent == HERE else str(path)
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ManifestError(f"{folder.name}: reference.py cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]
