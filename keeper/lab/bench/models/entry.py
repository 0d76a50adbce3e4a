"""What the benchmark knows about a model: its file, and inputs for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from keeper.errors import BadInputError
from keeper.lab.bench.models.inputs import Floats
from keeper.lab.bench.models.reference import Feeds, Reference
from kernels.onnx.reading import ModelError, read_model
from kernels.trace.layout import Array

CALIBRATION, HELD_OUT = 16, 4
CALIBRATION_SEED, HELD_OUT_SEED = 1, 2


class MissingModelsError(BadInputError):
    """The packages of `make models` are not there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model by name.

    `draw(count, seed)` gives inputs in the order in which a user has them. After each run an output
    of `carried` becomes the input of that name, as a recurrent model's user does. `constants` are
    inputs that never change.
    """

    name: str
    read: Callable[[Path], onnx.ModelProto]
    draw: Callable[[int, int], Sequence[Feeds]]
    constants: Mapping[str, Array] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    shipped: bool = True

    def samples(self, reference: Reference, count: int, seed: int) -> list[Feeds]:
        """Returns complete inputs; the state that they carry is what onnxruntime computes."""
        state: dict[str, Array] = {}
        found: list[Feeds] = []
        for drawn in self.draw(count, seed):
            feeds = {**drawn, **state, **self.constants}
            found.append(feeds)
            if self.carried:
                outputs = reference.run(feeds)
                state = {entry: outputs[output] for entry, output in self.carried.items()}
        return found


def shipped(path: str) -> Callable[[Path], onnx.ModelProto]:
    """Returns what reads a file of a package below the folder of `make models`."""

    def read(folder: Path) -> onnx.ModelProto:
        if not (folder / path).is_file():
            raise MissingModelsError(f"{folder / path} is missing; install it with `make models`")
        try:
            return read_model(folder / path)
        except ModelError as error:
            raise BadInputError(f"{path}: {error}") from error

    return read


def each(name: str, arrays: Sequence[Array]) -> list[Feeds]:
    """Returns the feeds of a model with one input."""
    return [{name: array} for array in arrays]


def windows(sound: Floats, length: int, step: int) -> list[Floats]:
    """Returns overlapping pieces of audio, [1, length] each."""
    return [sound[None, at : at + length] for at in range(0, len(sound) - length + 1, step)]


def zeros(*shape: int) -> Floats:
    """Returns float32 zeros, the state before the first run."""
    return np.zeros(shape, np.float32)
