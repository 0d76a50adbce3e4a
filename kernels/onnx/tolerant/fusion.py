"""Decides which operations of a plan are computed by one kernel.

An elementwise operation is computed where its only readers read it, so that its result is never
stored. The element that an operation with loops has computed goes through the elementwise
operations that follow before it is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kernels.onnx.tolerant.operation import Operation, Read

# WebGPU promises eight storage buffers to a kernel; one of them is written.
MAX_READS = 7
# A kernel's code stays short enough to compile fast.
MAX_CHARACTERS = 12_000


@dataclass(slots=True)
class Group:
    """Operations that one kernel computes; the last of `chain` is stored.

    chain: elementwise operations on element i, in order; the first may be one with loops, which is
    then `head`. called: the group of each buffer whose elements are computed where they are read.
    """

    chain: list[Operation]
    head: Operation | None = None
    called: dict[int, "Group"] = field(default_factory=dict)

    @classmethod
    def of(cls, operation: Operation) -> "Group":
        """Returns the group of one operation alone."""
        return cls([operation], None if operation.is_pointwise else operation)

    @property
    def root(self) -> Operation:
        """The operation whose result is stored."""
        return self.chain[-1]

    @property
    def operations(self) -> list[Operation]:
        """All operations, also those of the groups that are called."""
        return [*self.chain, *(each for one in self.called.values() for each in one.operations)]

    @property
    def inner(self) -> set[int]:
        """The buffers that are never stored."""
        return {each.target for each in self.operations} - {self.root.target}

    @property
    def reads(self) -> list[Read]:
        """What all operations read from buffers that are stored."""
        inner = self.inner
        return [read for each in self.operations for read in each.reads if read.buffer not in inner]

    @property
    def fits(self) -> bool:
        """Whether the kernel is within the bounds on buffers and code."""
        characters = sum(len(each.code) for each in self.operations)
        stored = {(read.buffer, read.vector) for read in self.reads}
        return len(stored) <= MAX_READS and characters <= MAX_CHARACTERS


def fused(operations: Sequence[Operation], wanted: Iterable[int]) -> list[Group]:
    """Returns the groups to compute in order; results in `wanted` buffers are stored."""
    kept, groups = set(wanted), dict[int, Group]()
    readers = _readers(operations)
    for operation in operations:
        group = Group.of(operation)
        while (larger := _grown(group, groups, readers, kept)) is not None:
            group = larger
        for buffer in group.inner:
            groups.pop(buffer, None)
        groups[operation.target] = group
    return list(groups.values())


def _readers(operations: Sequence[Operation]) -> dict[int, set[int]]:
    """Returns the targets of the operations that read each buffer."""
    found: dict[int, set[int]] = {}
    for operation in operations:
        for read in operation.reads:
            found.setdefault(read.buffer, set()).add(operation.target)
    return found


def _grown(
    group: Group, groups: Mapping[int, Group], readers: Mapping[int, set[int]], kept: set[int]
) -> Group | None:
    """Returns the group with one more group taken in, or None where none can be."""
    members = {each.target for each in group.operations}
    candidates = {
        read.buffer
        for read in group.reads
        if read.buffer in groups and read.buffer not in kept and readers[read.buffer] <= members
    }
    for buffer in sorted(candidates, reverse=True):
        for larger in (_chained(group, groups[buffer]), _calling(group, groups[buffer])):
            if larger is not None and larger.fits:
                return larger
    return None


def _chained(group: Group, before: Group) -> Group | None:
    """Returns both groups as one chain, where each reads element i of the one before alone."""
    buffer = before.root.target
    if group.head is not None or before.root.size != group.root.size:
        return None
    if any(buffer == read.buffer for one in group.called.values() for read in one.reads):
        return None
    if any(read.index != "i" for read in group.reads if read.buffer == buffer):
        return None
    head = before.head
    chain = [each for each in (*before.chain, *group.chain) if each is not head]
    # Buffers are numbered in the order of their operations, so that operands come first.
    chain.sort(key=lambda each: each.target)
    if head is not None:
        chain.insert(0, head)
    return Group(chain, head, {**before.called, **group.called})


def _calling(group: Group, callee: Group) -> Group | None:
    """Returns the group that calls the other one where it reads its only element."""
    buffer = callee.root.target
    reads = [read for read in group.reads if read.buffer == buffer]
    if callee.head is not None or len(reads) != 1 or reads[0].vector:
        return None
    head = group.head
    if head is not None and any(read is reads[0] for read in head.reads):
        # A head may read an element many times, unless it says otherwise.
        if not head.streamed:
            return None
    elif group.root.size > callee.root.size:
        return None
    return Group(group.chain, group.head, {**group.called, buffer: callee})
