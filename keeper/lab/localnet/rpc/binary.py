"""Binary data as the RPC encodes it in JSON."""

import base64
import binascii
import re
import struct

import based58

from .errors import invalid_params

_NO_BASE58 = re.compile("[^1-9A-HJ-NP-Za-km-z]")
_NO_BASE64 = re.compile("[^0-9A-Za-z+/=]")

_ZSTD_MAGIC = 0xFD2FB528
_ZSTD_MAX_BLOCK = 128 * 1024
# Frame header descriptor: one segment, whose content size follows in four bytes.
_ZSTD_SINGLE_SEGMENT = 0b1010_0000


class DecodeError(ValueError):
    """Text is not in the encoding that it claims; the message is Agave's."""


def base58(data: bytes) -> str:
    """Returns `data` in base58."""
    return based58.b58encode(data).decode()


def from_base58(text: str) -> bytes:
    """Returns the bytes of base58 `text`. Raises DecodeError."""
    wrong = _NO_BASE58.search(text)
    if wrong is not None:
        raise DecodeError(
            f"InvalidCharacter {{ character: '{wrong.group()}', index: {wrong.start()} }}"
        )
    return based58.b58decode(text.encode())


def base64_text(data: bytes) -> str:
    """Returns `data` in base64."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Returns the bytes of base64 `text`. Raises DecodeError."""
    wrong = _NO_BASE64.search(text)
    if wrong is not None:
        raise DecodeError(f"InvalidByte({wrong.start()}, {ord(wrong.group())})")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise DecodeError("InvalidPadding") from error


def decode_bytes(text: str, encoding: str) -> bytes:
    """Returns the bytes of `text` in base58 or base64. Raises RpcError."""
    try:
        return from_base58(text) if encoding == "base58" else from_base64(text)
    except DecodeError as error:
        raise invalid_params(f"invalid {encoding} encoding: {error}") from error


def zstd_frame(data: bytes) -> bytes:
    """Returns a Zstandard frame of `data`, in blocks that are stored and not compressed.

    Clients ask for compression to save bandwidth, of which there is enough between processes of
    one machine; so that no codec is needed here (format: RFC 8878, sections 3.1.1 and 3.1.1.2).
    """
    frame = bytearray(struct.pack("<IBI", _ZSTD_MAGIC, _ZSTD_SINGLE_SEGMENT, len(data)))
    starts = range(0, len(data), _ZSTD_MAX_BLOCK) or range(1)
    for start in starts:
        block = data[start : start + _ZSTD_MAX_BLOCK]
        last = start == starts[-1]
        frame += (len(block) << 3 | last).to_bytes(3, "little")
        frame += block
    return bytes(frame)
