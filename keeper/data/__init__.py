"""Content-addressed data: an encrypted store, its HTTP server and the verifying client."""

from keeper.data.client import BlobClient, BlobSink, TransferLimits, open_client
from keeper.data.errors import (
    AddressRefusedError,
    BlobMissingError,
    BlobTooLargeError,
    BusyError,
    CorruptBlobError,
    DataError,
    DigestMismatchError,
    EncodingRefusedError,
    MalformedDocumentError,
    NetworkError,
    OwnFault,
    PeerFault,
    QuotaExceededError,
    RedirectRefusedError,
    SlowPeerError,
    SourceRefusedError,
    SourceUnavailableError,
    StorageError,
    StoreKeyError,
)
from keeper.data.manifest import InputManifest, JobManifest, NamedOutput, StageIndex
from keeper.data.reservations import ReservationKind
from keeper.data.resolver import check_source
from keeper.data.sources import parse_source
from keeper.data.spool import BlobReader, Spool, StoredBlobs
from keeper.data.stage_indexes import StageIndexes
from keeper.data.store import BlobStore, Reservation, digest_of, lent
from keeper.data.sums import SumsSource

__all__ = [
    "AddressRefusedError",
    "BlobClient",
    "BlobMissingError",
    "BlobReader",
    "BlobSink",
    "BlobStore",
    "BlobTooLargeError",
    "BusyError",
    "CorruptBlobError",
    "DataError",
    "DigestMismatchError",
    "EncodingRefusedError",
    "InputManifest",
    "JobManifest",
    "MalformedDocumentError",
    "NamedOutput",
    "NetworkError",
    "OwnFault",
    "PeerFault",
    "QuotaExceededError",
    "RedirectRefusedError",
    "Reservation",
    "ReservationKind",
    "SlowPeerError",
    "SourceRefusedError",
    "SourceUnavailableError",
    "Spool",
    "StageIndex",
    "StageIndexes",
    "StorageError",
    "StoreKeyError",
    "StoredBlobs",
    "SumsSource",
    "TransferLimits",
    "check_source",
    "digest_of",
    "lent",
    "open_client",
    "parse_source",
]
