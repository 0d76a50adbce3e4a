"""Puts graphs on chain."""

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from kernels.graph import Graph
from neurolov_client import DESCRIPTORS_PER_TRANSACTION, job_registry


class GraphRegistrar:
    """Registers graphs under one author's key."""

    def __init__(self, gateway: Gateway, submitter: Submitter, author: Pubkey) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._author = author

    async def register(self, graph: Graph) -> Pubkey:
        """Register a graph and return its address; goes on where an earlier try stopped.

        Raises ChainError.
        """
        root = graph.spec_root
        address = job_registry.graph_address(self._author, root)
        account = await self._gateway.fetch(job_registry.Graph, address)
        appended = 0
        if account is None:
            opening = job_registry.open_graph(
                spec_root=root, operators=len(graph.descriptors), author=self._author
            )
            await self._submitter.submit(f"open_graph/{address}", [opening], again=True)
        else:
            appended = account.appended
        descriptors = graph.encoded()
        for first in range(appended, len(descriptors), DESCRIPTORS_PER_TRANSACTION):
            data = b"".join(descriptors[first : first + DESCRIPTORS_PER_TRANSACTION])
            appending = job_registry.append_operators(data=data, author=self._author, graph=address)
            operation = f"append_operators/{address}/{first}"
            await self._submitter.submit(operation, [appending], again=True)
        return address
