"""Where a picture may be written."""

from pathlib import Path
from typing import Final

from keeper.lab.simulation.economics import SimulationInputError

FORMATS: Final = (".png", ".svg")


def check_destination(path: Path) -> None:
    """Raises SimulationInputError where a picture cannot be written."""
    if path.suffix.lower() not in FORMATS:
        raise SimulationInputError(f"{path} is neither .png nor .svg; name it so")
    if not path.parent.is_dir():
        raise SimulationInputError(f"{path.parent} is not a folder; make it first")
    if path.is_dir():
        raise SimulationInputError(f"{path} is a folder; name a file")
