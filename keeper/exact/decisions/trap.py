"""What a buyer hides in a job whose provider it orders to be wrong."""

from hashlib import sha256

from solders.pubkey import Pubkey


def trap_of(provider: Pubkey, operator: int, salt: bytes) -> bytes:
    """SHA256("trap" | provider | operator u32 LE | salt); salt has 32 bytes."""
    return sha256(b"trap" + bytes(provider) + operator.to_bytes(4, "little") + salt).digest()
