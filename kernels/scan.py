"""Finds what a package holds by looking into its folder: nothing is listed by hand."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType


def modules(package: str) -> Iterator[ModuleType]:
    """Yields every module of a package in order of its name, imported."""
    for path in sorted(_folder(package).glob("*.py")):
        if path.stem != "__init__":
            yield import_module(f"{package}.{path.stem}")


def modules_named(package: str, name: str) -> Iterator[ModuleType]:
    """Yields the module of that name of every subpackage that has one, imported."""
    for path in sorted(_folder(package).glob(f"*/{name}.py")):
        yield import_module(f"{package}.{path.parent.name}.{name}")


def _folder(package: str) -> Path:
    (path, *_) = import_module(package).__path__
    return Path(path)
