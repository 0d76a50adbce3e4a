"""Verifies a committed trace: its roots first, then every operator from committed operands.

The sums of a product to int8 are not committed. Its provider may tell them: they are right if they
pass the fold, and then the output is right if it is what they are requantised to. Where they are
missing, contradict the output or spoil the fold, the product is recomputed. So advice saves work
and decides nothing: nobody is at fault for it, and no lie passes by it.

A wrong output of a recomputed operator is always found. Any other passes its fold with probability
below 2^-60 (see `freivalds`), and a job passes only if all of its wrong outputs do.

Outputs are read one after the other, and again where an operator needs one that was dropped. So the
memory that a check takes does not grow with the trace: it holds `HELD_BYTES` of tensors, or a batch
of `BATCH_BYTES` that is being hashed, and what one operator needs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from time import perf_counter

from keeper.exact.verification.cost import CheckCost
from keeper.exact.verification.field import Randomness, random_elements
from keeper.exact.verification.freivalds import Fold, fold_length
from keeper.exact.verification.linear import (
    Claim,
    advised,
    hold,
    is_worth_advice,
    is_worth_checking,
    may_wrap,
)
from keeper.exact.verification.recompute import first_difference
from keeper.exact.verification.tensors import DirtyPaddingError, Tensors
from kernels.evidence import Place, element_at
from kernels.graph import Graph
from kernels.graph.reference import operands
from kernels.trace import Hasher, stored_roots, trace_root
from kernels.trace.layout import Array

BATCH_BYTES = 1 << 25

Advice = Callable[[int], Array | None]
"""Returns the int32 sums of a product to int8, as its provider tells them, None without them."""


@dataclass(frozen=True, slots=True)
class CommittedStage:
    """Operators first..last - 1 and the trace root that their provider committed."""

    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Accept:
    """Every element of every operator is right."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The first wrong element: its operator, and its index as the referee counts.

    The index runs over stored bytes, a row's padding included: see programs/referee/README.md.
    """

    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Data are missing, or are not what was committed; `missing` names what it is."""

    missing: str


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """What was found, and what finding it cost."""

    finding: Accept | Reject | Unavailable
    cost: CheckCost = field(compare=False)


def verify_trace(
    graph: Graph,
    inputs: Sequence[Array],
    outputs: Sequence[bytes | None],
    stages: Sequence[CommittedStage],
    *,
    randomness: Randomness = random_elements,
    hasher: Hasher = stored_roots,
    advice: Advice | None = None,
) -> TraceVerdict:
    """Check the canonical bytes of operators 0..n - 1 against stages that cover exactly these.

    `outputs` may read its items from a disk; each is read at least twice, and none is kept.
    Returns the finding with its cost. `randomness` must be drawn after the commitment was made; the
    default draws it on each call. `hasher` gives the tensor root of each output; the default hashes
    on the host. `advice` gives sums that were not committed; it must not depend on `randomness`.
    Raises ValueError when the stages do not follow each other from operator 0, and GraphError when
    the inputs are not the graph's.
    """
    graph.check_inputs(inputs)
    _require_cover(stages, len(outputs))
    check = _Check(graph, inputs, randomness, hasher, advice)
    with check.cost.timed():
        finding = check.find(outputs, stages)
    return TraceVerdict(finding, check.cost)


def _require_cover(stages: Sequence[CommittedStage], operators: int) -> None:
    reached = 0
    for stage in stages:
        if stage.first != reached or stage.last <= stage.first:
            raise ValueError(f"stage {stage.first}..{stage.last} does not follow {reached}")
        reached = stage.last
    if reached != operators:
        raise ValueError(f"the stages cover {reached} operators, {operators} outputs were given")


class _Check:
    def __init__(
        self,
        graph: Graph,
        inputs: Sequence[Array],
        randomness: Randomness,
        hasher: Hasher,
        advice: Advice | None,
    ) -> None:
        self.cost = CheckCost()
        self._graph = graph
        self._inputs = inputs
        self._randomness = randomness
        self._hasher = hasher
        self._advice = advice

    def find(
        self, outputs: Sequence[bytes | None], stages: Sequence[CommittedStage]
    ) -> Accept | Reject | Unavailable:
        roots: list[bytes] = []
        for batch in self._batches(outputs):
            if isinstance(batch, Unavailable):
                return batch
            started = perf_counter()
            roots += self._hasher(batch)
            self.cost.hashing_seconds += perf_counter() - started
        for stage in stages:
            if trace_root(roots[stage.first : stage.last]) != stage.root:
                return Unavailable(f"stage {stage.first}..{stage.last}")
        return self._first_wrong(Tensors(outputs, self._graph.outputs))

    def _batches(self, outputs: Sequence[bytes | None]) -> Iterator[list[bytes] | Unavailable]:
        """Yields consecutive outputs, as many as an adapter should hash at a time.

        Ends with Unavailable where one is missing or has another length than its operator gives.
        """
        batch: list[bytes] = []
        size = 0
        for number, spec in enumerate(self._graph.outputs[: len(outputs)]):
            stored = outputs[number]
            if stored is None or len(stored) != spec.stored_bytes:
                yield Unavailable(f"operator {number}")
                return
            if batch and size + len(stored) > BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(stored)
            size += len(stored)
        yield batch

    def _first_wrong(self, outputs: Tensors) -> Accept | Reject:
        """Returns the first wrong element, or Accept.

        What must be recomputed or checked alone comes first; the products before what that found
        are folded.
        """
        fold = Fold(self._longest(len(outputs)), self._randomness, self.cost)
        products: list[int] = []
        found: Reject | None = None
        for number in range(len(outputs)):
            try:
                claim = self._claim(number, outputs)
            except DirtyPaddingError as error:
                found = Reject(number, error.element)
                break
            linear = self._linear(claim)
            if linear is not None and not may_wrap(linear):
                fold.add(linear.descriptor, linear.reads, linear.out)
                self.cost.folded += 1
                products.append(number)
            elif linear is None or not self._hold([linear]):
                found = self._recompute(claim)
                if found is not None:
                    break
        if products and not fold.holds():
            found = self._first_wrong_product(products, outputs) or found
        return found or Accept()

    def _longest(self, operators: int) -> int:
        """Returns the coordinates of a fold that any of the first operators may go into."""
        found = self._graph.descriptors[:operators]
        checkable = [each for each in found if is_worth_checking(each) or is_worth_advice(each)]
        return max(map(fold_length, checkable), default=0)

    def _linear(self, claim: Claim) -> Claim | None:
        """Returns a claim that a fold can check and from which this one follows, if there is one.

        A provider whose advice contradicts what was committed is asked for no more of it: one of
        the two is wrong, which only recomputing tells.
        """
        if is_worth_checking(claim.descriptor):
            return claim
        if self._advice is None or not is_worth_advice(claim.descriptor):
            return None
        sums = self._advice(claim.number)
        if sums is None:
            return None
        self.cost.macs += claim.out.size
        found = advised(claim, sums)
        if found is None:
            self._advice = None
        else:
            self.cost.advised += 1
        return found

    def _claim(self, number: int, outputs: Tensors) -> Claim:
        """Returns an operator's claim; raises DirtyPaddingError where its output has no tensor."""
        output = outputs[number]
        reads = operands(self._graph, number, self._inputs, outputs)
        return Claim(number, self._graph.descriptors[number], reads, output)

    def _first_wrong_product(self, products: Sequence[int], outputs: Tensors) -> Reject | None:
        """Returns the first wrong element of products whose fold has failed.

        One of them is wrong, or the advice about one is. Those with advice are recomputed. Alone
        another one passes as rarely as the fold does; should it pass although no advice can have
        been at fault, all are recomputed, so that what failed is never accepted.
        """
        told = {at for at in products if not is_worth_checking(self._graph.descriptors[at])}
        alone = (self._claim(number, outputs) for number in products)
        failed = (claim for claim in alone if claim.number in told or not self._hold([claim]))
        everything = (self._claim(number, outputs) for number in products if not told)
        suspects = chain(failed, everything)
        return next((wrong for wrong in map(self._recompute, suspects) if wrong is not None), None)

    def _hold(self, claims: Sequence[Claim]) -> bool:
        return hold(claims, self._randomness, self.cost)

    def _recompute(self, claim: Claim) -> Reject | None:
        self.cost.macs += claim.descriptor.multiply_adds
        element = first_difference(claim.descriptor, claim.reads, claim.out)
        if element is None:
            return None
        spec = self._graph.outputs[claim.number]
        return Reject(claim.number, element_at(spec, Place(*divmod(element, spec.shape[3]))))
