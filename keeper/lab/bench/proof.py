"""The cost of committing to a computation, of verifying it and of proving it wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keeper.compute import select_executor
from keeper.configuration import Preference
from keeper.lab.bench.checking import freivalds_ratio, network_seconds
from keeper.lab.bench.detection import detection
from keeper.lab.bench.referee import dispute_cost
from kernels.runtime import list_adapters

SEED = 61
# Terms of the products that are proven wrong on chain. The last is the most the referee judges.
PROVEN = (1_024, 4_096)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProofFigures:
    """Ratios of seconds, medians over the runs; detection counts corruptions and those located.

    referee_cu is compute units by the number of terms, dispute_transactions that of the most terms.
    """

    adapter: str
    on_gpu: bool
    freivalds_ratio: float
    freivalds_ratio_by_size: dict[str, float]
    verify_ratio: float
    commit_overhead: float
    execution_seconds: float
    detection: dict[str, int]
    referee_cu: dict[str, int]
    dispute_transactions: int


def measure_proof(size: int, corruptions: int, runs: int, progress: Progress) -> ProofFigures:
    """Measures with matrices of edge `size` and of twice that edge.

    Raises HonestTraceRefused, and ProofFailedError.
    """
    rng = np.random.default_rng(SEED)
    by_size = {}
    for edge in (size, 2 * size):
        progress(f"checking matmuls of {edge:,} against NumPy")
        by_size[str(edge)] = freivalds_ratio(edge, runs, rng)
    selected = select_executor(Preference.AUTO)
    progress(f"executing, committing and verifying on {selected.name}")
    network = network_seconds(size, runs, rng, selected.executor)
    progress("proving wrong products on chain")
    disputes = {str(terms): dispute_cost(terms) for terms in PROVEN}
    progress(f"corrupting {corruptions:,} elements")
    adapters = [each for each in list_adapters() if each.name == selected.name]
    return ProofFigures(
        adapter=selected.name,
        on_gpu=any(each.type != "CPU" for each in adapters),
        freivalds_ratio=by_size[str(size)],
        freivalds_ratio_by_size=by_size,
        verify_ratio=network.verifying / network.executing,
        commit_overhead=network.hashing / network.executing,
        execution_seconds=network.executing,
        detection=detection(corruptions, rng),
        referee_cu={terms: cost.units for terms, cost in disputes.items()},
        dispute_transactions=disputes[str(PROVEN[-1])].transactions,
    )
