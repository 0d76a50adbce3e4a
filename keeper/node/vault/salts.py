"""Salts, drawn once and kept before anything that they hide is sent."""

import secrets
from typing import Final

from solders.pubkey import Pubkey

from keeper.node.vault.vault import Document, Format, Vault

SALT_BYTES: Final = 32

SaltFormat = Format[Pubkey, bytes]


def _encode(salt: bytes) -> Document:
    return {"salt": salt.hex()}


def _decode(document: Document) -> bytes:
    return bytes.fromhex(document["salt"])


def _salts_in(folder: str) -> SaltFormat:
    return Format(folder, str, Pubkey.from_string, _encode, _decode)


JOB_SALTS: Final = _salts_in("salts")
"""By job: what its buyer adds to the draw of verifiers."""
TICKET_SALTS: Final = _salts_in("tickets")
"""By job: what hides the element that a challenger's ticket is about."""


class Salts:
    """The salts of one kind."""

    def __init__(self, vault: Vault, format: SaltFormat = JOB_SALTS) -> None:
        self._kept = vault.secrets(format)

    def draw(self, job: Pubkey) -> bytes:
        """Returns the salt of a job, drawn on first use, by whichever process is first."""
        with self._kept.turn:
            if (known := self.get(job)) is not None:
                return known
            salt = secrets.token_bytes(SALT_BYTES)
            self._kept.keep(job, salt)
            return salt

    def get(self, job: Pubkey) -> bytes | None:
        """Returns the salt of a job, None where none was drawn here."""
        try:
            return self._kept.get(job)
        except KeyError:
            return None
