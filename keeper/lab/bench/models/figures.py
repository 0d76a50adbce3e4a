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

    `error` is relative: the root mean square of the differences from onnxruntime's float outputs
    over that of the outputs, in the worst output, and `snr_db` the same in decibels.
    `error_vs_ort_int8` is how many times the error of onnxruntime's static int8 model it is, None
    where onnxruntime quantises nothing or fails. `seconds` is a run with hashing what is committed,
    `execution_seconds` without, `job_seconds` the same as the job's provider took. `vs_ort` is
    `seconds` over onnxruntime's on two threads: of its int8 model for the exact class (of its
    float model where it has none), of its float model for the tolerant one.
    `trace_bytes` is what the provider commits. `checked_share` is the largest part of the
    multiply-adds that one verifier spent, None in the tolerant class.
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
