"""How much memory a graph needs, known before anything is allocated."""

from collections.abc import Iterable
from dataclasses import dataclass

from kernels.codes import DESCRIPTOR_BYTES, LEAF_BYTES
from kernels.graph.graph import Graph
from kernels.trace.merkle import HASH_BYTES, tree_depth

# Buffer sizes are multiples of this, and so is each row of the table of a tree's levels.
ALIGNMENT = 256


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Device bytes by use. Every intermediate is kept, because all of them are committed.

    `staging` is what one run needs to read its outputs back, `hashing` what computing their roots
    takes, `largest` the largest single tensor.
    """

    inputs: int
    constants: int
    outputs: int
    staging: int
    hashing: int
    descriptors: int
    largest: int

    @property
    def peak(self) -> int:
        """Device bytes of a run that commits to its outputs."""
        return self.peak_of(1)

    def peak_of(self, in_flight: int) -> int:
        """Returns the same for several runs in flight at once, which share all but staging."""
        shared = self.inputs + self.constants + self.outputs + self.hashing + self.descriptors
        return shared + in_flight * self.staging


def memory_plan(graph: Graph) -> MemoryPlan:
    """Returns the memory that one execution of the graph takes."""
    inputs = [spec.stored_bytes for spec in graph.inputs]
    constants = [spec.stored_bytes for _, spec in graph.constant_keys()]
    outputs = [spec.stored_bytes for spec in graph.outputs]
    return MemoryPlan(
        inputs=_rounded(inputs),
        constants=_rounded(constants),
        outputs=_rounded(outputs),
        staging=_rounded(outputs),
        hashing=_hashing(outputs),
        # One more buffer stands in for absent operands.
        descriptors=DESCRIPTOR_BYTES * (len(graph.descriptors) + 1),
        largest=max(inputs + constants + outputs),
    )


def _hashing(outputs: list[int]) -> int:
    """Counts the roots, a level-table row per dispatch, roots of zeros and two levels of a tree."""
    leaves = [-(-size // LEAF_BYTES) for size in outputs]
    depths = [tree_depth(count) for count in leaves]
    most = max(leaves)
    scratch = HASH_BYTES * (len(outputs) + max(depths) + 1 + most + -(-most // 2))
    return scratch + ALIGNMENT * sum(depth + 1 for depth in depths)


def _rounded(sizes: Iterable[int]) -> int:
    return sum(-(-size // ALIGNMENT) * ALIGNMENT for size in sizes)
