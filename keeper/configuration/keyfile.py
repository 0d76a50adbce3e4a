"""Key files as solana-keygen writes them: a JSON array of 64 bytes, readable by the owner only."""

import json
from pathlib import Path

from solders.keypair import Keypair

from keeper.errors import BadInputError
from keeper.files import create_private, readable_by_others
from keeper.telemetry import redact

KEYPAIR_BYTES = 64


class KeyFileError(BadInputError):
    """A key file is missing, malformed, or readable by others."""


def load_keypair(path: Path) -> Keypair:
    """Returns the key in a file and redact it in all later logs. Raises KeyFileError."""
    try:
        if readable_by_others(path):
            raise KeyFileError(f"{path} may be read by others; run: chmod 600 {path}")
        numbers = json.loads(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise KeyFileError(f"no key file {path}; make one with: neurolov key new {path}") from None
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path} is not a key file: {_kind(error)}") from None
    if not isinstance(numbers, list) or len(numbers) != KEYPAIR_BYTES:
        raise KeyFileError(f"{path} is not a key file: expected an array of {KEYPAIR_BYTES} bytes")
    try:
        keypair = Keypair.from_bytes(bytes(numbers))
    except (ValueError, TypeError):
        raise KeyFileError(f"{path} is not a key file: its two halves do not fit") from None
    redact(str(keypair), path.read_text(encoding="ascii").strip())
    return keypair


def create_keypair(path: Path) -> Keypair:
    """Make a new key and write it with mode 0600. Raises KeyFileError when the file exists."""
    keypair = Keypair()
    try:
        create_private(path, json.dumps(list(bytes(keypair))).encode())
    except FileExistsError:
        raise KeyFileError(f"{path} exists; choose another name") from None
    return keypair


def _kind(error: Exception) -> str:
    # The message of a JSON error can quote the file, and so the key.
    return type(error).__name__
