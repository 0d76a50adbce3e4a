"""Puts graphs on chain."""

from itertools import count

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import LAMPORTS_PER_SIGNATURE
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.node.errors import EffectMissingError
from kernels.graph import Graph
from neurolov_client import DESCRIPTORS_PER_TRANSACTION, buying, job_registry
from neurolov_client.bindings.job_registry import GraphState


class GraphRegistrar:
    """Registers graphs under one author's key."""

    def __init__(self, gateway: Gateway, submitter: Submitter, author: Pubkey) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._author = author

    async def costs(self, graph: Graph) -> int:
        """Returns the lamports that registering a graph takes from now on; raises ChainError."""
        address = job_registry.graph_address(self._author, graph.spec_root)
        account = await self._gateway.fetch(job_registry.Graph, address)
        if account is not None and account.state == GraphState.SEALED:
            return 0
        appended = 0 if account is None else account.appended
        transactions = -(-(len(graph.descriptors) - appended) // DESCRIPTORS_PER_TRANSACTION)
        if account is not None:
            return transactions * LAMPORTS_PER_SIGNATURE
        rent = await self._gateway.rent_exempt_minimum(job_registry.Graph.SIZE or 0)
        return rent + (1 + transactions) * LAMPORTS_PER_SIGNATURE

    async def register(self, graph: Graph) -> Pubkey:
        """Register a graph and return its address; goes on where an earlier try stopped.

        Raises ChainError, and EffectMissingError where the graph is not on the chain after all.
        """
        address = job_registry.graph_address(self._author, graph.spec_root)
        account = await self._gateway.fetch(job_registry.Graph, address)
        appended = None if account is None else account.appended
        steps = iter(
            buying.registration(self._author, graph.spec_root, graph.encoded(), appended=appended)
        )
        if account is None:
            await self._submit(f"open_graph/{address}", next(steps))
        positions = count(appended or 0, DESCRIPTORS_PER_TRANSACTION)
        for first, appending in zip(positions, steps, strict=False):
            await self._submit(f"append_operators/{address}/{first}", appending)
        await self._require_sealed(address)
        return address

    async def _submit(self, operation: str, instruction: Instruction) -> None:
        await self._submitter.submit(operation, [instruction], again=True, missing=True)

    async def _require_sealed(self, address: Pubkey) -> None:
        account = await self._gateway.fetch(job_registry.Graph, address)
        if account is None or account.state != GraphState.SEALED:
            raise EffectMissingError(
                f"graph {address} has been registered, but the node at {self._gateway.url} does "
                "not know it as a whole; try again"
            )
