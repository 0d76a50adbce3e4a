"""The threat model's numbers, each from a deployment's parameters by a closed form."""

from keeper.lab.simulation.economics import Economics
from keeper.lab.simulation.threats import judging, weighing
from keeper.lab.simulation.threats.figure import Figure
from keeper.lab.simulation.threats.judging import Charges
from keeper.lab.simulation.threats.weighing import Stakes

__all__ = ["Charges", "Figure", "Stakes", "figures"]


def figures(economics: Economics, charges: Charges, stakes: Stakes) -> tuple[Figure, ...]:
    """Returns every figure, attack by attack."""
    return (*judging.figures(economics, charges), *weighing.figures(stakes))
