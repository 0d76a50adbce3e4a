"""The key that a store's blobs are encrypted with."""

import os
from contextlib import suppress
from pathlib import Path

from keeper.data.errors import StoreKeyError
from keeper.data.sealing import KEY_BYTES
from keeper.files import create_private, readable_by_others


def load_store_key(path: Path) -> bytes:
    """Returns the 32-byte key of a store, created with mode 0600 on first use.

    Raises StoreKeyError when others may read the file or its length is wrong.
    """
    with suppress(FileExistsError):
        create_private(path, os.urandom(KEY_BYTES))
    if readable_by_others(path):
        raise StoreKeyError(f"{path} may be read by others; run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreKeyError(f"{path} holds {len(key)} bytes, a store key has {KEY_BYTES}")
    return key
