"""Fetches outputs of a job's trace from their providers and checks them against the chain."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.data import BlobClient, DataError
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.roles.traces import index_is_committed
from keeper.node.endpoints import endpoint_of
from keeper.training.errors import TrainingError
from kernels.graph import Graph
from kernels.trace import LayoutError, tensor_root, unpack
from kernels.trace.layout import Array
from kernels.training import Opened, open_tensor


@dataclass(frozen=True, slots=True)
class Collected:
    """A committed tensor, its provider, and its openings under the trace root on chain."""

    provider: Pubkey
    tensor: Array
    opened: Opened


def is_committed(snapshot: JobSnapshot) -> bool:
    """Returns whether committed trace roots cover every operator of the job."""
    stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
    return bool(stages) and stages[-1].last == snapshot.job.operators


class Collector:
    """Reads tensors from providers' data servers."""

    def __init__(self, client: BlobClient, gateway: Gateway) -> None:
        self._client = client
        self._gateway = gateway

    async def collect(
        self, snapshot: JobSnapshot, graph: Graph, operators: Sequence[int]
    ) -> list[Collected]:
        """Returns the outputs of `operators`.

        Raises TrainingError, naming the provider, when an output is missing or has another root.
        """
        stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
        found = []
        for operator in operators:
            (stage,) = (each for each in stages if each.first <= operator < each.last)
            try:
                found.append(await self._output(snapshot.job.address, stage, graph, operator))
            except (DataError, LayoutError) as error:
                raise TrainingError(
                    f"operator {operator} of job {snapshot.job.address} cannot be had from "
                    f"{stage.provider}: {error}"
                ) from error
        return found

    async def _output(self, job: Pubkey, stage: Stage, graph: Graph, operator: int) -> Collected:
        endpoint = await endpoint_of(self._gateway, stage.provider)
        index = await self._client.fetch_index(endpoint, str(job), stage.root.hex())
        if not index_is_committed(index, stage):
            raise TrainingError(f"{stage.provider} lists other tensors than it committed to")
        at, spec = operator - stage.first, graph.outputs[operator]
        data = await self._client.fetch(endpoint, index.outputs[at], spec.stored_bytes)
        tensor = unpack(data, spec.shape, spec.dtype)
        roots = [bytes.fromhex(root) for root in index.tensor_roots]
        if tensor_root(tensor) != roots[at]:
            raise TrainingError(f"{stage.provider} serves another tensor than it committed to")
        opened = open_tensor(range(stage.first, stage.last), roots, operator, tensor)
        return Collected(stage.provider, tensor, opened)
