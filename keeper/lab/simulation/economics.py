"""The numbers that decide whether cheating pays, and the inequality that the programs enforce."""

from dataclasses import dataclass
from typing import Final

from keeper.errors import BadInputError
from neurolov_client.bindings.job_registry import BPS, REPUTATION_ONE

VERIFIER_COUNTS: Final = (1, 3, 5)


class SimulationInputError(BadInputError):
    """The parameters are ones that no deployment can have, or the picture cannot be written."""


@dataclass(frozen=True, slots=True)
class Economics:
    """Parameters of a deployment and of one job; shares in basis points.

    kappa is the provider's exposure over the lease's price, and verifiers how many a draw adds.
    Lazy verifiers are a share of those that do not collude: they accept without looking.
    Raises SimulationInputError where a value is impossible.
    """

    p_floor_bps: int
    collusion_bps: int
    lazy_bps: int
    slash_burn_bps: int
    kappa: int
    bounty_bps: int
    bond_bps: int
    fee_bps: int
    verifiers: int

    def __post_init__(self) -> None:
        for name in (
            "p_floor_bps",
            "collusion_bps",
            "lazy_bps",
            "slash_burn_bps",
            "bounty_bps",
            "bond_bps",
            "fee_bps",
        ):
            if not 0 <= getattr(self, name) <= BPS:
                raise SimulationInputError(
                    f"{name} is {getattr(self, name)}; choose a share from 0 to {BPS}"
                )
        if self.kappa < 0:
            raise SimulationInputError(f"kappa is {self.kappa}; choose 0 or more")
        if self.verifiers not in VERIFIER_COUNTS:
            raise SimulationInputError(
                f"verifiers is {self.verifiers}; choose one of {VERIFIER_COUNTS}"
            )

    @property
    def honest_share(self) -> float:
        """Returns (1 - r)(1 - l), the share of verifying stake that checks and reports."""
        return (BPS - self.collusion_bps) * (BPS - self.lazy_bps) / BPS**2

    @property
    def deterrence(self) -> float:
        """Returns p (1 - r)(1 - l)(1 + beta kappa)."""
        return self._scaled_deterrence / BPS**4

    @property
    def accepted(self) -> bool:
        """Returns whether the programs accept these parameters: deterrence above 1, most honest."""
        honest = (BPS - self.collusion_bps) * (BPS - self.lazy_bps)
        return self._scaled_deterrence > BPS**4 and 2 * honest > BPS**2

    @property
    def bound(self) -> float:
        """Returns the most that a cheat may expect by the inequality, in prices of the job.

        1 - deterrence: caught with probability p (1 - r)(1 - l), losing the burned share alone.
        """
        return 1 - self.deterrence

    @property
    def _scaled_deterrence(self) -> int:
        honest = (BPS - self.collusion_bps) * (BPS - self.lazy_bps)
        return self.p_floor_bps * honest * (BPS + self.slash_burn_bps * self.kappa)


def sampling_probability(reputation: int, p_floor_bps: int) -> float:
    """Returns 1 - reputation (1 - floor), as the draw computes it; `reputation` is Q16."""
    spared = min(reputation, REPUTATION_ONE) / REPUTATION_ONE
    return 1 - spared * (1 - p_floor_bps / BPS)
