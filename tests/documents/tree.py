"""The repository's files, without what is installed or built."""

import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {"node_modules", "target", "dist", "__pycache__"}


@cache
def files(suffix: str) -> tuple[Path, ...]:
    """Every file of this suffix, in order; hidden folders are left out."""
    found: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith(".")]
        found += [Path(folder) / name for name in names if name.endswith(suffix)]
    return tuple(sorted(found))
