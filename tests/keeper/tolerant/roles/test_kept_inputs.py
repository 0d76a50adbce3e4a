"""Weights come once: a provider keeps large inputs under their digests, within a part of its
quota."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from keeper.data import (
    BlobClient,
    BlobStore,
    ReservationKind,
    SourceUnavailableError,
    StageIndexes,
    digest_of,
    open_client,
)
from keeper.data.server import serve_data
from keeper.tolerant.roles.kept_inputs import KEPT_FROM_BYTES, KEPT_SECONDS, KeptInputs

LARGE = bytes(KEPT_FROM_BYTES)
OTHER = b"\1" * KEPT_FROM_BYTES
QUOTA = 10 * KEPT_FROM_BYTES


class Clock:
    now = 1e9

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[BlobStore, str, BlobClient]]:
    """Yield a buyer's store, the URL that serves it, and a client."""
    store = BlobStore(folder / "buyer", QUOTA)
    async with (
        serve_data(store, StageIndexes(folder / "buyer"), "127.0.0.1", 0) as url,
        open_client(allow_private=True) as client,
    ):
        yield store, url, client


def kept_in(store: BlobStore) -> set[str]:
    return {each.name for each in store.reservations(ReservationKind.KERNEL_INPUTS)}


def test_a_large_input_comes_once_and_a_small_one_each_time(tmp_path: Path) -> None:
    async def run() -> None:
        own = BlobStore(tmp_path / "provider", QUOTA)
        async with serving(tmp_path) as (buyer, url, client):
            large, small = buyer.put(LARGE), buyer.put(b"small")
            kept = KeptInputs(own)
            assert await kept.fetch(client, url, large, len(LARGE)) == LARGE
            assert await kept.fetch(client, url, small, 5) == b"small"
            buyer.remove(large)
            buyer.remove(small)
            # A restart forgets nothing.
            again = KeptInputs(BlobStore(tmp_path / "provider", QUOTA))
            assert await again.fetch(client, url, large, len(LARGE)) == LARGE
            with pytest.raises(SourceUnavailableError, match="404"):
                await again.fetch(client, url, small, 5)
        assert kept_in(own) == {large}

    asyncio.run(run())


def test_what_was_not_used_for_longest_gives_way_and_what_does_not_fit_is_not_kept(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        clock = Clock()
        # Two inputs of one MiB fit a quarter of this quota, three do not.
        own = BlobStore(tmp_path / "provider", QUOTA, clock)
        async with serving(tmp_path) as (buyer, url, client):
            kept = KeptInputs(own)
            third = b"\2" * KEPT_FROM_BYTES
            digests = [buyer.put(each) for each in (LARGE, OTHER, third)]
            for digest in (digests[0], digests[1], digests[0], digests[2]):
                clock.now += 60
                await kept.fetch(client, url, digest, KEPT_FROM_BYTES)
            assert kept_in(own) == {digests[0], digests[2]}
            larger = bytes(QUOTA // 4 + 1)
            assert await kept.fetch(client, url, buyer.put(larger), len(larger)) == larger
            assert kept_in(own) == {digests[0], digests[2]}
            clock.now += KEPT_SECONDS - 30
            kept.tidy()
            assert kept_in(own) == {digests[2]}
            assert digests[0] not in own

    asyncio.run(run())


def test_a_peer_that_lies_leaves_nothing_and_a_damaged_blob_is_fetched_again(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        own = BlobStore(tmp_path / "provider", QUOTA)
        async with serving(tmp_path) as (buyer, url, client):
            kept, digest = KeptInputs(own), buyer.put(LARGE)
            wrong = buyer.root / "blobs" / digest[:2] / digest
            stored = wrong.read_bytes()
            other = digest_of(OTHER)
            with pytest.raises(SourceUnavailableError):
                await kept.fetch(client, url, other, len(OTHER))
            assert kept_in(own) == set()
            assert own.used_bytes == 0
            assert await kept.fetch(client, url, digest, len(LARGE)) == LARGE
            mine = own.root / "blobs" / digest[:2] / digest
            mine.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
            assert await kept.fetch(client, url, digest, len(LARGE)) == LARGE

    asyncio.run(run())
