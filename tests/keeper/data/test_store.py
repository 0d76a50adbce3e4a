import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keeper.data import (
    BlobMissingError,
    BlobStore,
    CorruptBlobError,
    DigestMismatchError,
    QuotaExceededError,
    StoreKeyError,
    digest_of,
)
from keeper.data.sealing import CHUNK_BYTES, HEADER_BYTES

QUOTA = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path, QUOTA)


def blob_file(root: Path, digest: str) -> Path:
    return root / "blobs" / digest[:2] / digest


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200_000])
def test_a_blob_comes_back_whole_and_in_ranges(store: BlobStore, size: int) -> None:
    data = os.urandom(size)
    digest = store.put(data)
    assert digest == digest_of(data)
    assert digest in store
    assert store.size(digest) == size
    assert store.get(digest) == data
    for start, stop in [(0, size), (0, size // 2), (size // 2, size), (size // 3, size // 2)]:
        assert store.read(digest, start, stop) == data[start:stop]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_any_range_equals_the_slice(store: BlobStore, one: int, other: int) -> None:
    data = bytes(range(256)) * 782
    digest = store.put(data)
    start, stop = sorted((one, other))
    assert store.read(digest, start, stop) == data[start:stop]


def test_a_range_outside_the_blob_is_an_error(store: BlobStore) -> None:
    digest = store.put(b"abc")
    with pytest.raises(ValueError, match="outside 3 bytes"):
        store.read(digest, 1, 4)


def test_disk_holds_no_plain_text_and_the_key_file_is_private(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, QUOTA)
    digest = store.put(b"a secret of some length" * 40)
    assert b"secret" not in blob_file(tmp_path, digest).read_bytes()
    assert (tmp_path / "store.key").stat().st_mode & 0o777 == 0o600


def test_blobs_survive_a_restart(tmp_path: Path) -> None:
    first = BlobStore(tmp_path, QUOTA)
    digest = first.put(b"kept")
    again = BlobStore(tmp_path, QUOTA)
    assert again.get(digest) == b"kept"
    assert again.used_bytes == first.used_bytes > 0


def test_two_stores_seal_the_same_blob_differently(tmp_path: Path) -> None:
    digest = ""
    for name in ("one", "two"):
        digest = BlobStore(tmp_path / name, QUOTA).put(b"same")
    files = [blob_file(tmp_path / name, digest).read_bytes() for name in ("one", "two")]
    assert files[0] != files[1]


@pytest.mark.parametrize(
    "offset", [3, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + CHUNK_BYTES + 20]
)
def test_a_changed_byte_is_found(tmp_path: Path, offset: int) -> None:
    store = BlobStore(tmp_path, QUOTA)
    digest = store.put(bytes(2 * CHUNK_BYTES))
    file = blob_file(tmp_path, digest)
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.write_bytes(content)
    with pytest.raises(CorruptBlobError):
        store.get(digest)


def test_a_cut_at_a_chunk_is_found(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, QUOTA)
    digest = store.put(bytes(2 * CHUNK_BYTES))
    file = blob_file(tmp_path, digest)
    file.write_bytes(file.read_bytes()[: HEADER_BYTES + CHUNK_BYTES + 16])
    with pytest.raises(CorruptBlobError):
        store.get(digest)


def test_a_writer_that_hashes_to_something_else_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, QUOTA)
    wanted = digest_of(b"wanted")
    with pytest.raises(DigestMismatchError), store.writer(wanted) as writer:
        writer.write(b"something else")
    assert wanted not in store
    assert store.used_bytes == 0
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_the_quota_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 10_000)
    kept = store.put(bytes(5_000))
    used = store.used_bytes
    with pytest.raises(QuotaExceededError):
        store.put(os.urandom(6_000))
    assert store.used_bytes == used
    assert store.get(kept) == bytes(5_000)
    store.remove(kept)
    assert store.used_bytes == 0
    store.put(bytes(6_000))


def test_putting_twice_counts_once(store: BlobStore) -> None:
    store.put(b"twice")
    used = store.used_bytes
    store.put(b"twice")
    assert store.used_bytes == used


def test_a_leftover_of_a_crash_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / "blobs" / "ab" / ".partial-x"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    assert BlobStore(tmp_path, QUOTA).used_bytes == 0
    assert not leftover.exists()


def test_a_missing_blob_is_named(store: BlobStore) -> None:
    digest = digest_of(b"never stored")
    for read in (store.get, store.size):
        with pytest.raises(BlobMissingError, match=digest):
            read(digest)
    store.remove(digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_a_digest_names_a_blob(store: BlobStore, name: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        store.get(name)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    BlobStore(tmp_path, QUOTA)
    (tmp_path / "store.key").chmod(0o640)
    with pytest.raises(StoreKeyError, match="chmod 600"):
        BlobStore(tmp_path, QUOTA)


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.key").write_bytes(b"short")
    (tmp_path / "store.key").chmod(0o600)
    with pytest.raises(StoreKeyError, match="5 bytes"):
        BlobStore(tmp_path, QUOTA)
