"""What is measured of a model in a class."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class JobClass(StrEnum):
    """A class of paid work."""

    EXACT = "exact"
    TOLERANT = "tolerant"


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """A model that ran as a paid, settled job.

    `snr_db` and `error`, the root mean square in the output's own units, tell how far the output
    that differs most is from onnxruntime's float model: over all held-out samples in the exact
    class, over the task's in the tolerant one. `error_vs_ort_int8` is the error as a multiple of
    that of onnxruntime's static int8 model, in the output where that is largest, and None where
    there is nothing to compare with. `seconds` is a run with the hashing of what is committed,
    `execution_seconds` one without; `job_seconds` is what the job's provider took, in the tolerant
    class with its process and the compilation of shaders. `vs_ort` is `seconds` as a multiple of
    onnxruntime's on two threads: of its int8 model in the exact class, of its float model in the
    tolerant one or where it has no int8 model. `trace_bytes` is what the provider commits.
    `checked_share` is the most that one verifier spent, as a part of the multiply-adds of products
    and convolutions; depthwise ones, which are computed again, are left out. A result is
    `wrong` that differs from the executor's own in the exact class, or that is less than 40 dB from
    onnxruntime's in the tolerant one.
    """

    settled: bool
    executor: str
    snr_db: float
    error: float
    error_vs_ort_int8: float | None
    seconds: float
    execution_seconds: float
    job_seconds: float
    vs_ort: float
    trace_bytes: int
    multiply_adds: int | None
    operators: int
    checked_share: float | None
    wrong: bool


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a model did not run as a settled job."""

    reason: str
    settled: bool = False


Result = ModelFigures | Obstacle


def dumped(result: Result) -> str:
    """Returns a result as one line of JSON."""
    return json.dumps(asdict(result))


def loaded(line: str) -> Result:
    """Returns what `dumped` wrote; raises ValueError for anything else."""
    document = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError("no result")
    try:
        return Obstacle(**document) if "reason" in document else ModelFigures(**document)
    except TypeError as error:
        raise ValueError(f"no result: {error}") from error
