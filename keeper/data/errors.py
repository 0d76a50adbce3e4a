"""What can go wrong with data."""

from keeper.errors import BadInputError, KeeperError


class DataError(KeeperError):
    """Base class of the errors of `keeper.data`."""


class DigestMismatchError(DataError):
    """The bytes received do not hash to the digest that was requested."""


class BlobMissingError(DataError):
    """The store does not hold that digest."""


class BlobTooLargeError(DataError):
    """A transfer exceeds its size limit."""


class CorruptBlobError(DataError):
    """A stored file fails its authentication tag."""


class QuotaExceededError(DataError):
    """A write would exceed the store's quota."""


class SourceUnavailableError(DataError):
    """A peer does not answer, answers with an error, or breaks off the transfer."""


class MalformedDocumentError(DataError):
    """A manifest or a stage index is not in its canonical form."""


class StoreKeyError(DataError, BadInputError):
    """The key of the store is missing, malformed or readable by others."""
