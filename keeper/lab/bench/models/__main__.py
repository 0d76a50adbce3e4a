"""Measures one model in one class: `python -m keeper.lab.bench.models NAME CLASS FOLDER`.

The last line of standard output is the result as JSON. Each measurement has a process of its own,
so that a hang or a crash ends no other.
"""

import sys
from pathlib import Path

from keeper.errors import KeeperError
from keeper.lab.bench.models.catalogue import entries
from keeper.lab.bench.models.exact import measure_exact
from keeper.lab.bench.models.figures import JobClass, Obstacle, Result, dumped
from keeper.lab.bench.models.measuring import subject_of
from keeper.lab.bench.models.tolerant import measure_tolerant
from kernels.custom import PackageError, RunError
from kernels.graph import GraphError
from kernels.onnx.exact import LoweringError
from kernels.onnx.quantisation import CalibrationError
from kernels.onnx.reading import ModelError
from kernels.onnx.tolerant import BadInput, UnsupportedOperator

MEASURES = {JobClass.EXACT: measure_exact, JobClass.TOLERANT: measure_tolerant}
REFUSALS = (
    BadInput,
    CalibrationError,
    GraphError,
    KeeperError,
    LoweringError,
    ModelError,
    PackageError,
    RunError,
    UnsupportedOperator,
)


def main(name: str, job_class: JobClass, folder: Path) -> Result:
    """Returns the figures, or why the model is refused; what else fails is raised."""
    (entry,) = entries(name)
    try:
        return MEASURES[job_class](subject_of(entry, folder))
    except REFUSALS as error:
        return Obstacle(" ".join(str(error).split()))


if __name__ == "__main__":
    result = main(sys.argv[1], JobClass(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.write(f"{dumped(result)}\n")
