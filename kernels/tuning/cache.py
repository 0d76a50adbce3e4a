"""Measurements in one JSON file per adapter."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

VERSION = 1


class Described(Protocol):
    """An adapter as far as measurements depend on it."""

    @property
    def name(self) -> str:
        """The name of the adapter."""
        ...

    @property
    def driver(self) -> str:
        """The driver and its version."""
        ...

    @property
    def backend(self) -> str:
        """Vulkan, Metal or D3D12."""
        ...

    @property
    def limits(self) -> Mapping[str, int]:
        """The limits that kernels depend on."""
        ...


def default_directory() -> Path:
    """Returns `neurolov/tuning` under $XDG_CACHE_HOME, or under ~/.cache by default."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "neurolov" / "tuning"


def fingerprint(adapter: Described) -> str:
    """Returns a hex hash of name, driver, backend and limits, for which a measurement is valid."""
    text = json.dumps(_description(adapter), sort_keys=True)
    return sha256(text.encode()).hexdigest()


class Cache:
    """Measurements by key. A missing, unreadable or foreign file counts as empty.

    Where the directory cannot be written to, measurements last as long as this object.
    """

    def __init__(self, adapter: Described, directory: Path | None = None) -> None:
        self._adapter = _description(adapter)
        folder = default_directory() if directory is None else directory
        self.path = folder / f"{fingerprint(adapter)[:32]}.json"
        self._found = self._read()

    def get(self, key: str) -> Any:
        """Returns the measurement of that key, or None."""
        return self._found.get(key)

    def put(self, key: str, value: Any) -> None:
        """Adds a measurement to those in the file, and replaces the file atomically."""
        self._found |= {**self._read(), key: value}
        document = {"version": VERSION, "adapter": self._adapter, "findings": self._found}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(document, file, indent=1, sort_keys=True)
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(document, dict) or document.get("version") != VERSION:
            return {}
        found = document.get("findings")
        same = document.get("adapter") == self._adapter
        return found if same and isinstance(found, dict) else {}


def _description(adapter: Described) -> dict[str, Any]:
    return {
        "name": adapter.name,
        "driver": adapter.driver,
        "backend": adapter.backend,
        "limits": dict(sorted(adapter.limits.items())),
    }
