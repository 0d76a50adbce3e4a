"""Somebody with a key."""

from dataclasses import dataclass, field

from solders.keypair import Keypair
from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Actor:
    """A funded key and its associated $NLOV account."""

    name: str
    keypair: Keypair = field(repr=False)
    tokens: Pubkey

    @property
    def key(self) -> Pubkey:
        return self.keypair.pubkey()
