"""What was measured on an adapter, in one JSON file an adapter."""

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
    """What tells adapters apart."""

    @property
    def name(self) -> str:
        """The card."""
        ...

    @property
    def driver(self) -> str:
        """Its driver and the driver's version."""
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
    """`neurolov/tuning` under $XDG_CACHE_HOME, by default ~/.cache."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "neurolov" / "tuning"


def fingerprint(adapter: Described) -> str:
    """Hex hash of name, driver, backend and limits: what a measurement is valid for."""
    text = json.dumps(_description(adapter), sort_keys=True)
    return sha256(text.encode()).hexdigest()


class Cache:
    """Findings by key. A missing, unreadable or foreign file counts as empty and is rewritten.

    A directory that cannot be written to costs only the saving: findings then last as long as
    the cache does.
    """

    def __init__(self, adapter: Described, directory: Path | None = None) -> None:
        self._adapter = _description(adapter)
        folder = default_directory() if directory is None else directory
        self.path = folder / f"{fingerprint(adapter)[:32]}.json"
        self._found = self._read()

    def get(self, key: str) -> Any:
        """The finding, or None."""
        return self._found.get(key)

    def put(self, key: str, value: Any) -> None:
        """Add a finding to what the file holds by now, in one step."""
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
