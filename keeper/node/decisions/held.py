"""What a role has begun and must see to its end before it can leave without a loss."""

from dataclasses import dataclass

from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Held:
    """One job or task that a role sees to its end before it leaves.

    `left` says in words what is left to do, and `until` is the last slot of that, None where none
    is set.
    `loss` is what leaving now can cost in base units, and `cost` says in words why.
    """

    subject: Pubkey
    left: str
    until: int | None
    loss: int = 0
    cost: str = ""
