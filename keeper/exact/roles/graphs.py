"""Puts graphs on chain."""

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import LAMPORTS_PER_SIGNATURE
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.node.errors import EffectMissingError
from kernels.graph import Graph
from neurolov_client import DESCRIPTORS_PER_TRANSACTION, job_registry
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
        root = graph.spec_root
        address = job_registry.graph_address(self._author, root)
        account = await self._gateway.fetch(job_registry.Graph, address)
        appended = 0
        if account is None:
            opening = job_registry.open_graph(
                spec_root=root, operators=len(graph.descriptors), author=self._author
            )
            await self._submit(f"open_graph/{address}", opening)
        else:
            appended = account.appended
        descriptors = graph.encoded()
        for first in range(appended, len(descriptors), DESCRIPTORS_PER_TRANSACTION):
            data = b"".join(descriptors[first : first + DESCRIPTORS_PER_TRANSACTION])
            appending = job_registry.append_operators(data=data, author=self._author, graph=address)
            operation = f"append_operators/{address}/{first}"
            await self._submit(operation, appending)
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
