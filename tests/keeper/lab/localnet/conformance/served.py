"""A localnet in standing slots that is asked like a validator."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from keeper.lab.localnet import Localnet
from tests.keeper.cli.cluster import Served

from .client import Client
from .scene import Scene

CONFIRMATION_LAG = 1
FINALITY_LAG = 32


class Standing(Served):
    """A localnet with a cluster's commitments, whose slots pass when the scene waits."""

    def __init__(self) -> None:
        super().__init__()
        self._net = Localnet(
            port=0,
            ticking=False,
            confirmation_lag=CONFIRMATION_LAG,
            finality_lag=FINALITY_LAG,
            seed=bytes(32),
        )

    @property
    def net(self) -> Localnet:
        return self._net

    def serving(self) -> AbstractAsyncContextManager[object]:
        return self._net

    def advance(self) -> None:
        """Let a slot pass."""
        self.in_loop(self.net.bank.advance)


@contextmanager
def localnet_scene() -> Iterator[Scene]:
    """Yields the scene on a localnet of its own."""
    with Standing() as served, Client(served.net.url, served.net.ws_url) as client:
        yield Scene(client, served.advance).set()
