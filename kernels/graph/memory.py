"""How much memory a graph needs, known before anything is allocated."""

from dataclasses import dataclass

from kernels.graph.descriptor import DESCRIPTOR_BYTES
from kernels.graph.graph import Graph


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes by use. Every intermediate is kept: all of them are committed."""

    inputs: int
    constants: int
    outputs: int
    descriptors: int
    largest: int

    @property
    def peak(self) -> int:
        """Device memory while the graph runs; the outputs count twice, for their way back."""
        return self.inputs + self.constants + 2 * self.outputs + self.descriptors


def memory_plan(graph: Graph) -> MemoryPlan:
    """Plan of one execution."""
    inputs = [spec.stored_bytes for spec in graph.inputs]
    constants = [spec.stored_bytes for _, spec in graph.constant_keys()]
    outputs = [spec.stored_bytes for spec in graph.outputs]
    return MemoryPlan(
        inputs=sum(inputs),
        constants=sum(constants),
        outputs=sum(outputs),
        descriptors=DESCRIPTOR_BYTES * len(graph.descriptors),
        largest=max(inputs + constants + outputs),
    )
