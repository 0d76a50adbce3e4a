"""Measures how evenly something was shared."""

from collections.abc import Sequence


def jain_index(shares: Sequence[float]) -> float:
    """Returns (Σ x)² / (n · Σ x²) (Jain et al. 1984): 1 if all are equal, 1/n if one has all.

    Raises ValueError unless some share is above zero and none is below.
    """
    if not any(share > 0 for share in shares) or min(shares) < 0:
        raise ValueError(f"no shares: {list(shares)}")
    most = max(shares)
    scaled = [share / most for share in shares]
    total: float = sum(scaled) ** 2
    return total / (len(shares) * sum(share * share for share in scaled))
