"""What the client refuses before it reads."""

import asyncio
import gzip
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keeper.data import (
    AddressRefusedError,
    BlobStore,
    BlobTooLargeError,
    DataError,
    EncodingRefusedError,
    PeerFault,
    RedirectRefusedError,
    SlowPeerError,
    SourceRefusedError,
    SourceUnavailableError,
    TransferLimits,
    open_client,
)
from keeper.data.resolver import system_lookup
from tests.keeper.data.peers import (
    DATA,
    DIGEST,
    LOOPBACK,
    METADATA,
    NAME,
    PUBLIC,
    peer,
    refusal,
    resolving,
)


def hosts_of_this_machine() -> Iterator[tuple[str, type[DataError], str]]:
    loopback = "is not a public address (loopback)"
    yield "127.0.0.1", AddressRefusedError, loopback
    yield "[::1]", AddressRefusedError, loopback
    yield "[::ffff:127.0.0.1]", AddressRefusedError, loopback
    yield "[64:ff9b::7f00:1]", AddressRefusedError, loopback
    yield "0.0.0.0", AddressRefusedError, "is not a public address (unspecified)"
    yield "localhost", AddressRefusedError, loopback
    yield "node.example.org", AddressRefusedError, loopback
    yield "metadata.example.org", AddressRefusedError, "is not a public address (link-local)"
    yield "both.example.org", AddressRefusedError, loopback
    yield "2130706433", SourceRefusedError, "is an unusual spelling of an address"
    yield "0x7f.1", SourceRefusedError, "is an unusual spelling of an address"
    yield "0177.0.0.1", SourceRefusedError, "is an unusual spelling of an address"
    yield "127.1", SourceRefusedError, "is an unusual spelling of an address"
    yield "localhost.", SourceRefusedError, "is not the name of a host"
    yield "user@localhost", SourceRefusedError, "a source is http or https"


@pytest.mark.parametrize(("host", "kind", "reason"), list(hosts_of_this_machine()))
def test_c12_a_url_to_this_host_or_a_metadata_service_is_never_reached(
    tmp_path: Path, host: str, kind: type[DataError], reason: str
) -> None:
    lookup = resolving(
        node_example_org=[LOOPBACK],
        metadata_example_org=[METADATA],
        both_example_org=[PUBLIC, LOOPBACK],
        localhost=system_lookup("localhost"),
    )

    async def run() -> None:
        store = BlobStore(tmp_path, 1 << 22)
        async with peer() as internal, open_client(allow_private=False, lookup=lookup) as client:
            base = internal.url(host)
            for source in (base, f"{base}/latest/meta-data", f"{base}/admin/shutdown"):
                error = await refusal(client, source)
                assert type(error) is kind
                assert reason in str(error)
                assert isinstance(error, PeerFault)
                with pytest.raises(kind):
                    await client.fetch_into(store, source, DIGEST)
                with pytest.raises(kind):
                    await client.fetch_index(source, "1" * 32, DIGEST)
            assert internal.requests == []
        assert store.used_bytes == 0

    asyncio.run(run())


def test_what_was_checked_is_what_is_connected_to() -> None:
    """A name that moves after the check gains nothing: nobody asks for it again."""
    asked: list[str] = []

    async def run() -> None:
        async with peer() as checked:

            def lookup(host: str) -> list[str]:
                asked.append(host)
                return [LOOPBACK] if len(asked) == 1 else ["127.0.0.2"]

            async with open_client(allow_private=True, lookup=lookup) as client:
                assert await client.fetch(checked.url(NAME), DIGEST) == DATA
            assert checked.requests == [f"/blobs/{DIGEST}"]

    asyncio.run(run())
    assert asked == [NAME]


def test_a_name_is_checked_again_for_each_connection() -> None:
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return [PUBLIC, METADATA]

    async def run() -> None:
        async with open_client(allow_private=False, lookup=lookup) as client:
            for _ in range(2):
                error = await refusal(client, f"http://{NAME}:7010")
                assert type(error) is AddressRefusedError
                assert f"{NAME} is at {METADATA}" in str(error)

    asyncio.run(run())
    assert asked == [NAME, NAME]


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "identity, gzip", "GZIP"])
def test_c12_an_encoded_body_is_refused_before_any_of_it_is_read(
    tmp_path: Path, encoding: str
) -> None:
    async def run() -> None:
        hold, store = asyncio.Event(), BlobStore(tmp_path, 1 << 22)
        headers = {"Content-Encoding": encoding}
        async with (
            peer(headers, body=gzip.compress(DATA), hold=hold) as bomb,
            open_client(allow_private=True) as client,
        ):
            error = await refusal(client, bomb.url())
            assert type(error) is EncodingRefusedError
            assert isinstance(error, PeerFault)
            assert "answers with Content-Encoding" in str(error)
            with pytest.raises(EncodingRefusedError):
                await client.fetch_into(store, bomb.url(), DIGEST)
            with pytest.raises(EncodingRefusedError):
                await client.fetch_index(bomb.url(), "1" * 32, DIGEST)
            hold.set()
        assert store.used_bytes == 0

    asyncio.run(run())


def test_the_encoding_that_changes_nothing_is_read() -> None:
    async def run() -> None:
        async with (
            peer({"Content-Encoding": "identity"}) as plain,
            open_client(allow_private=True) as client,
        ):
            assert await client.fetch(plain.url(), DIGEST) == DATA

    asyncio.run(run())


def test_a_size_beyond_the_agreed_one_is_refused_before_it_is_sent() -> None:
    async def run() -> None:
        hold = asyncio.Event()
        async with (
            peer({"Content-Length": str(len(DATA))}, hold=hold) as large,
            open_client(allow_private=True) as client,
        ):
            error = await refusal(client, large.url(), len(DATA) - 1)
            assert type(error) is BlobTooLargeError
            assert str(error) == f"{DIGEST} passes {len(DATA) - 1} bytes"
            hold.set()

    asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_as_such(status: int) -> None:
    async def run() -> None:
        async with peer() as target:
            headers = {"Location": target.url()}
            async with (
                peer(headers, status=status) as redirecting,
                open_client(allow_private=True) as client,
            ):
                error = await refusal(client, redirecting.url())
                assert type(error) is RedirectRefusedError
                assert f"answers {status}; redirects are not followed" in str(error)
            assert target.requests == []

    asyncio.run(run())


def test_a_peer_that_trickles_is_given_up() -> None:
    """By a clock of our own: each look at it finds six seconds more."""
    seconds = iter(range(0, 10_000, 6))

    async def run() -> None:
        limits = TransferLimits(silence_seconds=10.0, least_rate=1 << 20)
        async with (
            peer() as slow,
            open_client(
                allow_private=True, limits=limits, clock=lambda: float(next(seconds))
            ) as client,
        ):
            error = await refusal(client, slow.url())
            assert type(error) is SlowPeerError
            assert "in 12 s, fewer than 1048576 per second" in str(error)
            assert slow.requests == [f"/blobs/{DIGEST}"]

    asyncio.run(run())


def test_the_certificate_of_a_host_is_checked(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            peer(tls=self_signed(tmp_path)) as secure,
            open_client(allow_private=True) as client,
        ):
            error = await refusal(client, secure.url("localhost", "https"))
            assert type(error) is SourceUnavailableError
            assert "CERTIFICATE_VERIFY_FAILED" in str(error)
            assert secure.requests == []

    asyncio.run(run())


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate for localhost that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
