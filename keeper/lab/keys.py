"""Localnet's keys, which anybody can derive: they must never hold anything of value."""

import hashlib

from solders.keypair import Keypair


def localnet_keypair(name: str) -> Keypair:
    """Returns the Ed25519 key whose seed is SHA256("neurolov localnet " + name)."""
    return Keypair.from_seed(hashlib.sha256(f"neurolov localnet {name}".encode()).digest())
