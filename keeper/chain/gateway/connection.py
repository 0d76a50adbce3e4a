"""The connection to one cluster: its identity, its outages, and how it is asked."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

import httpx
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Commitment, Confirmed
from solana.rpc.core import RPCException
from solders.hash import Hash
from solders.rpc.responses import GetGenesisHashResp

from keeper.chain.errors import ChainReplacedError, PinnedClusterError
from keeper.chain.gateway.backoff import ONCE, Backoff
from keeper.chain.gateway.outages import Outages, Patience
from keeper.chain.gateway.transport import requested
from keeper.configuration import NodeSettings
from keeper.errors import BadInputError

Answer = TypeVar("Answer")


class ClusterConnection:
    """The connection to one cluster, by URL; entering it checks that the node serves the cluster.

    `genesis_hash` pins the cluster. `websocket_url` defaults to the port after `url`'s (or the same
    host over TLS where the URL names no port), as in Solana's tools. Commitment is confirmed unless
    a method says otherwise. Every method raises ChainError. After a lost connection the genesis
    hash is compared before any other answer is believed: ChainReplacedError says that the cluster
    was reset, or that another one is at the URL now.

    With `patience` no request but `send` fails because the cluster does not answer: it waits until
    it does, and checks that it is the same one. `patient` does so for a block.
    """

    def __init__(
        self,
        url: str,
        *,
        websocket_url: str | None = None,
        genesis_hash: Hash | None = None,
        commitment: Commitment = Confirmed,
        backoff: Backoff | None = None,
        timeout: float = 15.0,
        patience: Patience | None = None,
    ) -> None:
        self.url = url
        self.websocket_url = websocket_url or websocket_url_of(url)
        self.commitment = commitment
        self._genesis_hash = genesis_hash
        self._backoff = backoff or Backoff()
        self._client = AsyncClient(url, commitment, timeout)
        self._outages = Outages(url, self._probe, patience)
        self._patient = 0 if patience is None else 1
        self._served: Hash | None = None
        # Whether a connection was lost, so that another chain may answer from now on.
        self._doubtful = False

    @classmethod
    def of(cls, settings: NodeSettings) -> Self:
        """Returns a gateway to a node's cluster, not yet connected.

        Raises BadInputError when the URL or the genesis hash has the wrong form.
        """
        return cls(
            settings.url,
            websocket_url=settings.websocket_url,
            genesis_hash=settings.pinned_hash,
            patience=Patience() if settings.patient else None,
        )

    async def __aenter__(self) -> Self:
        try:
            self._served = await self.check_cluster()
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def check_cluster(self) -> Hash:
        """Returns the node's genesis hash; WrongClusterError where it is not the pinned one."""
        return self._same((await self._ask("genesis hash", self._client.get_genesis_hash)).value)

    @property
    def away(self) -> bool:
        """Whether the cluster does not answer at present, as far as a patient gateway knows."""
        return self._outages.under_way

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Wait in this block, and say so once, for as long as the cluster does not answer."""
        self._patient += 1
        try:
            yield
        finally:
            self._patient -= 1

    def _same(self, found: Hash) -> Hash:
        if self._served is not None and found != self._served:
            raise ChainReplacedError(
                f"the cluster at {self.url} is another chain now: its genesis hash is {found}, it "
                f"was {self._served}; start again with --fresh, or name another --folder"
            )
        if self._genesis_hash is not None and found != self._genesis_hash:
            raise PinnedClusterError(
                f"{self.url} serves the cluster with genesis hash {found}, configured is "
                f"{self._genesis_hash}; correct the URL or the configured cluster"
            )
        return found

    @property
    def genesis_hash(self) -> Hash:
        """The cluster's genesis hash, known once the gateway has been entered."""
        if self._served is None:
            raise RuntimeError("the gateway has not been entered")
        return self._served

    async def _ask(self, what: str, request: Callable[[], Awaitable[Answer]]) -> Answer:
        named = f"{what} from {self.url}"

        async def checked() -> Answer:
            return await self._of_this_chain(request)

        if not self._patient:
            return await requested(checked, what=named, backoff=self._backoff)
        return await self._outages.outlast(
            lambda: requested(checked, what=named, backoff=ONCE), self._backoff
        )

    async def _of_this_chain(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """Returns one answer; raises ChainReplacedError instead of another chain's."""
        if self._doubtful:
            await self._compare()
        try:
            return await request()
        except (SolanaRpcException, httpx.HTTPError) as error:
            cause = error.__cause__ if isinstance(error, SolanaRpcException) else error
            # Whoever answers with a status was there all the time.
            self._doubtful |= not isinstance(cause, httpx.HTTPStatusError)
            raise

    async def _probe(self) -> None:
        await requested(self._compare, what=self.url, backoff=ONCE)

    async def _compare(self) -> Hash:
        answer: GetGenesisHashResp | int = await self._client.get_genesis_hash()
        if isinstance(answer, int):
            raise RPCException(answer)
        found = self._same(answer.value)
        self._doubtful = False
        return found


def websocket_url_of(url: str) -> str:
    """Returns the PubSub URL of an RPC URL: next port on localhost, same host under TLS."""
    head, separator, rest = url.partition("://")
    scheme = {"http": "ws", "https": "wss"}.get(head)
    if not separator or scheme is None:
        raise BadInputError(
            f"{url!r} is no http or https URL; give one such as http://127.0.0.1:8899"
        )
    host, colon, tail = rest.partition(":")
    port, slash, path = tail.partition("/")
    if not colon or not port.isdigit():
        return f"{scheme}://{rest}"
    return f"{scheme}://{host}:{int(port) + 1}{slash}{path}"
