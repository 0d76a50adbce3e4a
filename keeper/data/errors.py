"""What can go wrong with data, by whose fault it is."""

from keeper.errors import BadInputError, KeeperError


class DataError(KeeperError):
    """Base class of the errors of `keeper.data`; each is a peer's fault or this node's own."""


class PeerFault(DataError):  # noqa: N818
    """The other party does not serve what it must, or serves it in a form that is refused."""


class OwnFault(DataError):  # noqa: N818
    """This node cannot fetch, keep or read data; no other party is to blame."""


class DigestMismatchError(PeerFault):
    """The bytes received do not hash to the digest that was requested."""


class BlobTooLargeError(PeerFault):
    """A transfer exceeds its size limit."""


class MalformedDocumentError(PeerFault):
    """A manifest or a stage index is not in its canonical form."""


class SourceUnavailableError(PeerFault):
    """A peer does not answer, answers with an error, or breaks off the transfer."""


class SourceRefusedError(SourceUnavailableError):
    """A source is not a plain http or https URL of a host."""


class AddressRefusedError(SourceUnavailableError):
    """A source is at an address that is not public."""


class RedirectRefusedError(SourceUnavailableError):
    """A peer answers with a redirect."""


class EncodingRefusedError(SourceUnavailableError):
    """A peer encodes what it sends although the bytes themselves were requested."""


class SlowPeerError(SourceUnavailableError):
    """A peer sends fewer bytes per second than a transfer must."""


class NetworkError(OwnFault):
    """This node cannot resolve names, has no route to the network, or no sockets left."""


class StorageError(OwnFault):
    """This node's disk refuses a write."""


class BlobMissingError(OwnFault):
    """The store does not hold that digest."""


class CorruptBlobError(OwnFault):
    """A stored file fails its authentication tag."""


class QuotaExceededError(OwnFault):
    """A write would exceed the store's quota."""


class BusyError(OwnFault):
    """This node has too many requests of a kind under way."""


class StoreKeyError(OwnFault, BadInputError):
    """The key of the store is missing, malformed or readable by others."""
