"""Whose fault each failure of a fetch is."""

import asyncio
import errno
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event, Semaphore

import pytest

from keeper.data import (
    BlobStore,
    DataError,
    NetworkError,
    OwnFault,
    PeerFault,
    QuotaExceededError,
    SourceUnavailableError,
    StorageError,
    TransferLimits,
    check_source,
    open_client,
)
from keeper.data.network import is_local
from keeper.data.resolver import CONTROL_NAME, LOOKUPS
from tests.keeper.data.peers import (
    DIGEST,
    NAME,
    PUBLIC,
    failing,
    peer,
    refusal,
    resolving,
)


@pytest.mark.parametrize(
    ("lookup", "kind", "message"),
    [
        (resolving(), SourceUnavailableError, f"{NAME} has no address: Name or service not known"),
        (
            failing(NAME),
            SourceUnavailableError,
            f"the name servers of {NAME} do not answer: Temporary failure in name resolution",
        ),
        (
            failing(NAME, CONTROL_NAME),
            NetworkError,
            f"this node resolves neither {NAME} nor {CONTROL_NAME}: "
            "Temporary failure in name resolution",
        ),
    ],
    ids=["no such name", "its servers are silent", "no name at all"],
)
def test_a_dead_resolver_is_the_nodes_own_fault_and_a_dead_name_the_peers(
    lookup: Callable[[str], list[str]], kind: type[DataError], message: str
) -> None:
    async def run() -> None:
        async with open_client(allow_private=False, lookup=lookup) as client:
            error = await refusal(client, f"http://{NAME}:7010")
            assert type(error) is kind
            assert str(error) == message
        with pytest.raises(kind):
            await check_source(f"http://{NAME}", allow_private=False, seconds=1.0, lookup=lookup)

    asyncio.run(run())


@pytest.mark.parametrize("control", [True, False], ids=["one name", "every name"])
def test_a_lookup_that_hangs_ends(control: bool) -> None:
    release = Event()

    def lookup(host: str) -> list[str]:
        if host == CONTROL_NAME and control:
            return [PUBLIC]
        release.wait()
        return [PUBLIC]

    async def run() -> None:
        limits = TransferLimits(silence_seconds=0.5)
        async with open_client(allow_private=False, limits=limits, lookup=lookup) as client:
            try:
                error = await refusal(client, f"http://{NAME}:7010")
            finally:
                release.set()
            assert type(error) is (SourceUnavailableError if control else NetworkError)

    asyncio.run(run())


def test_a_node_that_is_busy_with_dead_names_blames_no_other_name() -> None:
    release, started = Event(), Semaphore(0)

    def lookup(host: str) -> list[str]:
        started.release()
        release.wait()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def all_are_under_way() -> None:
        for _ in range(LOOKUPS):
            started.acquire()

    async def run() -> None:
        limits = TransferLimits(silence_seconds=1.0)
        async with open_client(allow_private=False, limits=limits, lookup=lookup) as client:
            dead = [
                asyncio.create_task(client.fetch(f"http://dead-{each}.example.org", DIGEST))
                for each in range(LOOKUPS)
            ]
            await asyncio.to_thread(all_are_under_way)
            try:
                error = await refusal(client, f"http://{NAME}:7010")
            finally:
                release.set()
                await asyncio.gather(*dead, return_exceptions=True)
            assert type(error) is NetworkError
            assert str(error) == f"this node has no thread left to resolve {NAME}"

    asyncio.run(run())


def test_an_error_of_the_own_disk_is_not_the_peers(tmp_path: Path) -> None:
    async def run() -> None:
        store, full = BlobStore(tmp_path / "a", 1 << 22), BlobStore(tmp_path / "b", 1 << 10)
        (tmp_path / "a" / "blobs" / DIGEST[:2]).write_bytes(b"in the way of a folder")
        async with peer() as honest, open_client(allow_private=True) as client:
            with pytest.raises(StorageError, match="this node's disk refuses a blob"):
                await client.fetch_into(store, honest.url(), DIGEST)
            with pytest.raises(QuotaExceededError):
                await client.fetch_into(full, honest.url(), DIGEST)
        assert full.used_bytes == 0

    asyncio.run(run())


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENETDOWN])
def test_what_this_machine_lacks_is_its_own_fault(code: int) -> None:
    assert is_local(OSError(code, "no socket"))


@pytest.mark.parametrize("code", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ETIMEDOUT])
def test_what_a_peer_can_bring_about_is_not(code: int) -> None:
    assert not is_local(OSError(code, "no answer"))


def test_every_error_of_data_is_somebodys_fault() -> None:
    def kinds(base: type[DataError]) -> set[type[DataError]]:
        return {base}.union(*map(kinds, base.__subclasses__()))

    assert kinds(DataError) - {DataError} == kinds(PeerFault) | kinds(OwnFault)
    assert kinds(PeerFault) & kinds(OwnFault) == set()
