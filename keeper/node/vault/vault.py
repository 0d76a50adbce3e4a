"""Secrets on disk: one JSON file each, readable by its owner alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from keeper.files import replace_atomically
from keeper.locks import Turn

RECORD_SUFFIX = ".json"
PAYLOAD_SUFFIX = ".output"
TURN = "vault.turn"

Key = TypeVar("Key")
Secret = TypeVar("Secret")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Format(Generic[Key, Secret]):
    """How one kind of secret is named and written.

    `folder` is where its files are, within the vault. `decode` undoes `encode`, and `key` undoes
    `name`.
    """

    folder: str
    name: Callable[[Key], str]
    key: Callable[[str], Key]
    encode: Callable[[Secret], Document]
    decode: Callable[[Document], Secret]


class Secrets(Generic[Key, Secret]):
    """The secrets of one kind.

    A secret is on disk, synced, when `keep` returns; a crash leaves the one before or none. Who
    keeps a secret only if there is none takes the `turn` around both.
    """

    def __init__(self, root: Path, format: Format[Key, Secret]) -> None:
        self._root = root / format.folder
        self._format = format
        self.turn = Turn(root / TURN)

    def keep(self, key: Key, secret: Secret, payload: bytes | None = None) -> None:
        """Store a secret, with bytes that belong to it."""
        if payload is not None:
            with replace_atomically(self._path(key, PAYLOAD_SUFFIX)) as file:
                file.write(payload)
        # The record comes last, because it says that the payload is there.
        with replace_atomically(self._path(key, RECORD_SUFFIX)) as file:
            file.write(json.dumps(self._format.encode(secret), sort_keys=True).encode())

    def get(self, key: Key) -> Secret:
        """Returns a kept secret; raises KeyError when there is none."""
        return self._format.decode(json.loads(self._read(key, RECORD_SUFFIX)))

    def payload(self, key: Key) -> bytes:
        """Returns the bytes kept with a secret; raises KeyError when there are none."""
        return self._read(key, PAYLOAD_SUFFIX)

    def keys(self) -> frozenset[Key]:
        """Returns the key of every kept secret."""
        paths = self._root.glob(f"*{RECORD_SUFFIX}")
        return frozenset(self._format.key(path.stem) for path in paths)

    def discard(self, key: Key) -> None:
        """Forget a secret and its payload; does nothing where there is none."""
        for suffix in (RECORD_SUFFIX, PAYLOAD_SUFFIX):
            self._path(key, suffix).unlink(missing_ok=True)

    def _read(self, key: Key, suffix: str) -> bytes:
        try:
            return self._path(key, suffix).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def _path(self, key: Key, suffix: str) -> Path:
        return self._root / f"{self._format.name(key)}{suffix}"


class Vault:
    """All secrets of one node; `root` is the node's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def secrets(self, format: Format[Key, Secret]) -> Secrets[Key, Secret]:
        """Returns the secrets of one kind."""
        return Secrets(self._root, format)
