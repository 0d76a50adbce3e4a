"""Who may take posted work first: the same arithmetic as the chain's claim order."""

from hashlib import sha256
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.node.decisions.fixed_point import negative_ln


class ClaimOrderRules(Protocol):
    """The parameters that decide how long each provider waits."""

    @property
    def claim_scale_slots(self) -> int:
        """Mean wait, in slots, of a provider that holds all the stake."""
        ...

    @property
    def claim_max_delay_slots(self) -> int:
        """The longest wait, in slots."""
        ...


def lot(slot_hash: bytes, work: Pubkey, owner: Pubkey) -> int:
    """Returns the first 8 bytes of SHA256(slot hash | job or task | owner), little-endian."""
    digest = sha256(slot_hash + bytes(work) + bytes(owner)).digest()
    return int.from_bytes(digest[:8], "little")


def delay(rules: ClaimOrderRules, drawn: int, own_weight: int, total_staked: int) -> int:
    """Returns ceil(claim_scale * -ln(u) * total_staked / weight) slots, capped.

    u is `drawn` as a fraction of 2^64.
    """
    cap = rules.claim_max_delay_slots
    if own_weight == 0:
        return cap
    shares_q32 = -(-(total_staked << 32) // own_weight)
    slots_q64 = negative_ln(drawn) * shares_q32 * rules.claim_scale_slots
    return min(cap, -(-slots_q64 // (1 << 64)))
