"""The choice of the shard that a job or task uses."""

from solders.pubkey import Pubkey

from neurolov_client.bindings.job_registry import SHARDS


def shard_of(job: Pubkey) -> int:
    """Returns the shard of the fee vaults and utilisation counters that a job or task uses."""
    return bytes(job)[0] % SHARDS


__all__ = ["SHARDS", "shard_of"]
