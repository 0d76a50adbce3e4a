"""The draw, written only from its description in `programs/verdict/README.md`.

Weights map a seat to its stake; integers are exact.
"""

from collections.abc import Collection, Mapping
from hashlib import sha256

from neurolov_client.bindings.job_registry import BPS, REPUTATION_ONE


def seed(slot_hash: bytes, salt: bytes | None, draws: int) -> bytes:
    """Returns the seed of the draw that follows `draws` earlier ones."""
    return sha256(slot_hash + (salt or b"") + bytes([draws])).digest()


def uniform(seed: bytes, index: int) -> int:
    """Returns number `index` of the seed's sequence, in [0, 2^64)."""
    return int.from_bytes(sha256(seed + bytes([index])).digest()[:8], "little")


def is_sampled(seed: bytes, reputation: int, floor_bps: int) -> bool:
    """Returns whether the beacon picks a provider of this Q16 reputation for verification."""
    threshold = BPS * REPUTATION_ONE - reputation * (BPS - floor_bps)
    return uniform(seed, 0) * BPS * REPUTATION_ONE >> 64 < threshold


def seats(seed: bytes, weights: Mapping[int, int], excluded: Collection[int], k: int) -> list[int]:
    """Returns at most `k` seats, drawn by weight without replacement."""
    left = {seat: weights[seat] for seat in sorted(weights) if seat not in excluded}
    chosen: list[int] = []
    for index in range(1, k + 1):
        target = uniform(seed, index) * sum(left.values()) >> 64
        for seat, weight in left.items():
            if target < weight:
                chosen.append(seat)
                break
            target -= weight
        else:
            break
        del left[chosen[-1]]
    return chosen
