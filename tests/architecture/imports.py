"""Which room imports which, read from the sources.

A room is a top-level package (`neurolov_client`), or a folder or module right below `kernels` or
`keeper` (`keeper/chain`, `keeper/errors`); what is deeper belongs to the room above it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DIVIDED = ("kernels", "keeper")
"""Packages whose direct members are rooms of their own."""


HOMES = {"neurolov_client": "idl"}
"""Packages that do not lie at the root, and the folder that they lie in."""


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """One import from a room into another, and the file that makes it."""

    source: str
    target: str
    path: str


def room(module: str) -> str:
    """Returns the room of a module's dotted name."""
    parts = module.split(".")
    return "/".join(parts[:2]) if parts[0] in DIVIDED else parts[0]


def rooms(root: Path, packages: Iterable[str]) -> set[str]:
    """Returns every room that holds a module."""
    return {room(_module(root, path)) for path in _files(root, packages)}


def imports_between(root: Path, packages: Iterable[str]) -> list[Import]:
    """Returns the imports that cross a room's border, deferred ones and relative ones included."""
    packages = tuple(packages)
    found = set()
    for path in _files(root, packages):
        module = _module(root, path)
        for target in imported(path, module):
            if target.split(".")[0] in packages and room(target) != room(module):
                found.add(Import(room(module), room(target), str(path.relative_to(root))))
    return sorted(found)


def imported(path: Path, module: str) -> Iterator[str]:
    """Yields the dotted name of everything that a file imports.

    For `from package import name` that is `package.name`, as `name` may be a module.
    """
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def cycle(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Returns rooms that import each other in a circle, the first one repeated; [] without one."""
    done: set[str] = set()

    def search(start: str, way: list[str]) -> list[str]:
        if start in way:
            return [*way[way.index(start) :], start]
        if start in done:
            return []
        for target in sorted(edges.get(start, ())):
            if found := search(target, [*way, start]):
                return found
        done.add(start)
        return []

    return next((found for name in sorted(edges) if (found := search(name, []))), [])


def _files(root: Path, packages: Iterable[str]) -> Iterator[Path]:
    for package in packages:
        yield from sorted((root / HOMES.get(package, "") / package).rglob("*.py"))


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    if parts[0] in HOMES.values():
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
