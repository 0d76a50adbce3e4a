"""What can go wrong with data."""

from keeper.errors import BadInputError, KeeperError


class DataError(KeeperError):
    """Base of this room."""


class DigestMismatchError(DataError):
    """Bytes do not hash to the digest they were asked for by."""


class BlobMissingError(DataError):
    """The store does not hold that digest."""


class BlobTooLargeError(DataError):
    """A transfer passes the agreed size."""


class CorruptBlobError(DataError):
    """A stored file fails its authentication tag."""


class QuotaExceededError(DataError):
    """Writing would pass the store's quota."""


class SourceUnavailableError(DataError):
    """A peer does not answer, answers with an error, or breaks off."""


class MalformedDocumentError(DataError):
    """A manifest or a stage index is not in its canonical form."""


class StoreKeyError(DataError, BadInputError):
    """The key of the store is missing, malformed or readable by others."""
