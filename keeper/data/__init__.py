"""Content-addressed data: an encrypted store, its HTTP server and the verifying client."""

from keeper.data.client import BlobClient, TransferLimits
from keeper.data.errors import (
    BlobMissingError,
    BlobTooLargeError,
    CorruptBlobError,
    DataError,
    DigestMismatchError,
    MalformedDocumentError,
    QuotaExceededError,
    SourceUnavailableError,
    StoreKeyError,
)
from keeper.data.manifest import InputManifest, JobManifest, StageIndex
from keeper.data.server import data_application, serve_data
from keeper.data.stage_indexes import StageIndexes
from keeper.data.store import BlobStore, digest_of

__all__ = [
    "BlobClient",
    "BlobMissingError",
    "BlobStore",
    "BlobTooLargeError",
    "CorruptBlobError",
    "DataError",
    "DigestMismatchError",
    "InputManifest",
    "JobManifest",
    "MalformedDocumentError",
    "QuotaExceededError",
    "SourceUnavailableError",
    "StageIndex",
    "StageIndexes",
    "StoreKeyError",
    "TransferLimits",
    "data_application",
    "digest_of",
    "serve_data",
]
