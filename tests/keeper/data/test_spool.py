"""The blobs of one job: gone with it unless they are kept, and read one at a time."""

import asyncio
from pathlib import Path

import pytest

from keeper.data import (
    BlobMissingError,
    BlobStore,
    DigestMismatchError,
    Spool,
    StoredBlobs,
    digest_of,
)

FIRST, SECOND, OTHER = b"first" * 100, b"second" * 100, b"other"


def put(spool: Spool, data: bytes, digest: str | None = None) -> None:
    with spool.writer(digest or digest_of(data)) as writer:
        writer.write(data)


def test_what_a_job_took_is_gone_after_it(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 1 << 20)
    had = store.put(OTHER)
    before = store.used_bytes

    async def run() -> None:
        async with Spool(store) as spool:
            put(spool, FIRST)
            put(spool, SECOND)
            assert digest_of(FIRST) in spool
            assert had in spool
            assert spool.get(digest_of(SECOND)) == SECOND

    asyncio.run(run())
    assert store.used_bytes == before
    assert store.get(had) == OTHER
    assert digest_of(FIRST) not in store


def test_what_is_kept_stays(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 1 << 20)

    async def run() -> None:
        async with Spool(store) as spool:
            put(spool, FIRST)
            spool.keep()
            put(spool, SECOND)

    asyncio.run(run())
    assert store.get(digest_of(FIRST)) == FIRST
    assert digest_of(SECOND) not in store


def test_a_job_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 1 << 20)

    async def run() -> None:
        async with Spool(store) as spool:
            put(spool, FIRST)
            put(spool, SECOND, digest_of(OTHER))

    with pytest.raises(DigestMismatchError):
        asyncio.run(run())
    assert store.used_bytes == 0


def test_stored_blobs_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 1 << 20)
    digests = [store.put(each) for each in (FIRST, SECOND, OTHER)]
    blobs = StoredBlobs(store, digests)
    assert len(blobs) == 3
    assert list(blobs) == [FIRST, SECOND, OTHER]
    assert list(blobs[1:]) == [SECOND, OTHER]
    assert blobs[-1] == OTHER
    store.remove(digests[1])
    assert blobs[0] == FIRST
    with pytest.raises(BlobMissingError):
        blobs[1]
    with pytest.raises(IndexError):
        blobs[3]
