"""The commitment by which a buyer orders a provider to be wrong."""

from hashlib import sha256

from solders.pubkey import Pubkey


def trap_of(provider: Pubkey, operator: int, salt: bytes) -> bytes:
    """Returns SHA256("trap" | provider | operator u32 LE | salt).

    `salt` has 32 bytes.
    """
    return sha256(b"trap" + bytes(provider) + operator.to_bytes(4, "little") + salt).digest()
