"""Effects on the chain: each has an id and is brought about once."""

from keeper.chain.submit.submitter import Landed, Submitter

__all__ = ["Landed", "Submitter"]
