"""A participant with a key."""

from dataclasses import dataclass, field

from solders.keypair import Keypair
from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Actor:
    """A funded key and its associated $NLOV account."""

    name: str
    keypair: Keypair = field(repr=False)
    tokens: Pubkey
    key: Pubkey = field(init=False)

    def __post_init__(self) -> None:
        # Cached, because deriving the key takes as long as decoding an account.
        object.__setattr__(self, "key", self.keypair.pubkey())
