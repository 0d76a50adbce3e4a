"""Which of the accounts that come in shards a job or task uses."""

from solders.pubkey import Pubkey

from idl.client.bindings.job_registry import SHARDS


def shard_of(job: Pubkey) -> int:
    """Shard of the fee vaults and utilisation counters that a job or task uses."""
    return bytes(job)[0] % SHARDS


__all__ = ["SHARDS", "shard_of"]
