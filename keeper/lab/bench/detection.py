"""The share of single wrong elements that a whole check finds."""

import numpy as np

from keeper.compute.self_test import sample_graph
from keeper.exact.verification import Accept, CommittedStage, Reject, verify_trace
from keeper.exact.verification.linear import is_worth_checking
from keeper.lab.bench.checking import HonestTraceRefused
from kernels.evidence import Place, element_at
from kernels.graph.reference import execute
from kernels.trace import pack, tensor_root, trace_root

# Enough that all products are folded except those of the small attention.
IMAGES = 4


def detection(corruptions: int, rng: np.random.Generator) -> dict[str, int]:
    """Corrupts single elements of any operator, each in a committed trace, and checks each trace.

    Returns the number of corruptions, how many of them the check caught at their place, and the
    number of operators that it folds: the products that cost more than their check. Raises
    HonestTraceRefused.
    """
    graph, inputs = sample_graph(IMAGES)
    outputs = execute(graph, inputs)
    stored: list[bytes | None] = [pack(output).tobytes() for output in outputs]
    roots = [tensor_root(output) for output in outputs]
    honest = verify_trace(
        graph, inputs, stored, [CommittedStage(0, len(stored), trace_root(roots))]
    )
    folded = sum(map(is_worth_checking, graph.descriptors))
    if honest.finding != Accept() or honest.cost.folded != folded:
        raise HonestTraceRefused(f"{honest.finding} of right outputs, {honest.cost.folded} folded")
    caught = 0
    for _ in range(corruptions):
        operator = int(rng.integers(len(outputs)))
        wrong = outputs[operator].copy()
        element = int(rng.integers(wrong.size))
        # Flips some of the element's bits, and at least one.
        flipped = rng.integers(1, 1 << 8 * wrong.itemsize, dtype=np.uint32).astype(
            f"<u{wrong.itemsize}"
        )
        wrong.reshape(-1).view(flipped.dtype)[element] ^= flipped
        trace, committed = stored.copy(), roots.copy()
        trace[operator], committed[operator] = pack(wrong).tobytes(), tensor_root(wrong)
        stages = [CommittedStage(0, len(trace), trace_root(committed))]
        spec = graph.outputs[operator]
        place = element_at(spec, Place(*divmod(element, spec.shape[3])))
        caught += verify_trace(graph, inputs, trace, stages).finding == Reject(operator, place)
    return {"corruptions": corruptions, "caught": caught, "folded": folded}
