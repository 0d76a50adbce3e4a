"""Little-endian fields, read one after the other."""

import struct
from typing import Any

from solders.pubkey import Pubkey


class Cursor:
    """Reads fields of `data` in order. Every method raises ValueError where data ends early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """Returns the next `size` bytes."""
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError(f"{size} bytes wanted, {len(taken)} left")
        self._at += size
        return taken

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def u8(self) -> int:
        """Returns a number of 8 bits."""
        return int(self._number("<B"))

    def u16(self) -> int:
        """Returns a number of 16 bits."""
        return int(self._number("<H"))

    def u32(self) -> int:
        """Returns a number of 32 bits."""
        return int(self._number("<I"))

    def u64(self) -> int:
        """Returns a number of 64 bits."""
        return int(self._number("<Q"))

    def i64(self) -> int:
        """Returns a signed number of 64 bits."""
        return int(self._number("<q"))

    def f64(self) -> float:
        """Returns a floating point number of 64 bits."""
        return float(self._number("<d"))

    def key(self) -> str:
        """Returns an address in base58."""
        return str(Pubkey.from_bytes(self.take(Pubkey.LENGTH)))

    def optional_key(self) -> str | None:
        """Returns an address that a byte announces, or None."""
        return self.key() if self.u8() else None

    def text(self) -> str:
        """Returns a string that its length precedes."""
        return self.take(self.u64()).decode()

    def rest(self) -> bytes:
        """Returns all that is left."""
        return self.take(len(self._data) - self._at)
