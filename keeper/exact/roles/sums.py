"""The sums that products to int8 round: told by their provider, and spooled by a verifier."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np
from solders.pubkey import Pubkey

from keeper.data import BlobMissingError, BlobReader, BlobStore, DataError, StageIndex, StageIndexes
from keeper.exact.roles.workload import JobWorkload
from keeper.exact.verification import is_worth_advice
from kernels.graph import Graph, InputKind, TensorSpec
from kernels.graph.reference import operands, sums
from kernels.trace import DType, LayoutError, pack, unpack
from kernels.trace.layout import Array

KEPT_BYTES = 1 << 26


def sums_spec(graph: Graph, operator: int) -> TensorSpec:
    """Returns the form in which an operator's sums are told."""
    return TensorSpec(graph.outputs[operator].shape, DType.INT32)


class ComputedSums:
    """Computes sums again from what this node committed, one operator at a time.

    Those computed last are kept, up to `KEPT_BYTES`, because every verifier of a job asks for the
    same. Only products are served whose verification they make cheaper.
    """

    def __init__(
        self,
        workload_of: Callable[[Pubkey], JobWorkload | None],
        store: BlobStore,
        indexes: StageIndexes,
    ) -> None:
        self._workload_of = workload_of
        self._store = store
        self._indexes = indexes
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def get(self, job: str, root: str, operator: int) -> bytes:
        """Returns the canonical bytes of an operator's sums, int32 in its output's shape.

        Raises BlobMissingError where this node did not commit the stage, or no longer runs the job.
        """
        key = job, root, operator
        async with self._turn:
            if key not in self._kept:
                self._kept[key] = await asyncio.to_thread(self._computed, *key)
            self._kept.move_to_end(key)
            while sum(map(len, self._kept.values())) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _computed(self, job: str, root: str, operator: int) -> bytes:
        index = self._indexes.get(job, root)
        workload = self._workload_of(Pubkey.from_string(job))
        if workload is None or not index.first <= operator < index.last:
            raise BlobMissingError(f"no sums of operator {operator} of job {job}")
        graph = workload.graph
        if not is_worth_advice(graph.descriptors[operator]):
            raise BlobMissingError(f"operator {operator} of job {job} is no product to int8")
        outputs = self._read(graph, operator, [*self._indexes.of_job(job), index])
        reads = operands(graph, operator, workload.inputs, outputs)
        return pack(sums(graph.descriptors[operator], reads)).tobytes()

    def _read(self, graph: Graph, operator: int, indexes: list[StageIndex]) -> list[Array]:
        """Returns the outputs before an operator, of which those are read that it needs."""
        digests = {
            number: digest
            for index in indexes
            for number, digest in zip(range(index.first, index.last), index.outputs, strict=True)
        }
        outputs = [np.zeros(0, np.int8)] * operator
        for operand in graph.descriptors[operator].inputs:
            if operand.kind is InputKind.OPERATOR_OUTPUT:
                spec, digest = graph.outputs[operand.index], digests.get(operand.index)
                if digest is None:
                    raise BlobMissingError(f"operator {operand.index} ran on another node")
                outputs[operand.index] = unpack(self._store.get(digest), spec.shape, spec.dtype)
        return outputs


class ToldSums:
    """Sums that a provider told, read from the spool that they were fetched to."""

    def __init__(self, store: BlobReader, digests: Mapping[int, str], graph: Graph) -> None:
        self._store = store
        self._digests = digests
        self._graph = graph

    def __call__(self, operator: int) -> Array | None:
        """Returns an operator's sums, None where there are none that can be read as such."""
        digest = self._digests.get(operator)
        if digest is None:
            return None
        spec = sums_spec(self._graph, operator)
        try:
            return unpack(self._store.get(digest), spec.shape, spec.dtype)
        except (DataError, LayoutError):
            return None
