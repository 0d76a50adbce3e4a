"""Where an import writes what belongs to a graph or package: beside it."""

from pathlib import Path


def description_path(path: Path) -> Path:
    """Returns where the description of a graph's or package's tensors is."""
    return path.with_name(f"{path.name}.json")


def weights_path(package: Path, number: int) -> Path:
    """Returns where the weights of an imported package are."""
    return package.with_name(f"{package.name}.weights-{number}.npy")
