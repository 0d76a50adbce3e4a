"""AES-256-GCM at rest, in chunks, so that reading a range does not decrypt the whole blob.

The chunks follow the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce
counts the chunks and marks the last one, so that chunks can be neither moved nor cut off. Each
file has its own key, derived by HKDF from the store's key and a random salt.
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keeper.data.errors import CorruptBlobError

KEY_BYTES = 32
CHUNK_BYTES = 65_536
TAG_BYTES = 16
SALT_BYTES = 32
MAGIC = b"nlvblob1"
HEADER_BYTES = len(MAGIC) + SALT_BYTES


class BlobCipher:
    """Seals and opens the chunks of one file."""

    def __init__(self, store_key: bytes, digest: bytes, salt: bytes) -> None:
        derived = HKDF(SHA256(), KEY_BYTES, salt, MAGIC + digest).derive(store_key)
        self._aead = AESGCM(derived)
        self._digest = digest
        self.header = MAGIC + salt

    @classmethod
    def create(cls, store_key: bytes, digest: bytes) -> "BlobCipher":
        """Returns a cipher for a new file, with a fresh salt."""
        return cls(store_key, digest, os.urandom(SALT_BYTES))

    @classmethod
    def of_header(cls, store_key: bytes, digest: bytes, header: bytes) -> "BlobCipher":
        """Returns the cipher of a stored file. Raises CorruptBlobError on an invalid header."""
        if len(header) != HEADER_BYTES or not header.startswith(MAGIC):
            raise CorruptBlobError(f"the file of {digest.hex()} has no valid header")
        return cls(store_key, digest, header[len(MAGIC) :])

    def seal(self, index: int, last: bool, chunk: bytes) -> bytes:
        """Returns the ciphertext and tag of one chunk."""
        return self._aead.encrypt(_nonce(index, last), chunk, self._digest)

    def open(self, index: int, last: bool, sealed: bytes) -> bytes:
        """Returns the plain bytes of one chunk. Raises CorruptBlobError on a wrong tag."""
        try:
            return self._aead.decrypt(_nonce(index, last), sealed, self._digest)
        except InvalidTag as error:
            raise CorruptBlobError(
                f"chunk {index} of {self._digest.hex()} fails authentication"
            ) from error


def _nonce(index: int, last: bool) -> bytes:
    return struct.pack(">IxxxxxxxB", index, last)


def plain_bytes(file_bytes: int) -> int:
    """Returns the length of the blob in a file of `file_bytes` bytes.

    An empty blob has one empty chunk.
    """
    sealed = file_bytes - HEADER_BYTES
    chunks = max(1, -(-sealed // (CHUNK_BYTES + TAG_BYTES)))
    return max(0, sealed - chunks * TAG_BYTES)


def sealed_bytes(blob_bytes: int) -> int:
    """Returns the length of the file of a blob of `blob_bytes` bytes."""
    chunks = max(1, -(-blob_bytes // CHUNK_BYTES))
    return HEADER_BYTES + blob_bytes + chunks * TAG_BYTES
