"""Changes accounts without going through the programs."""

from solders.account import Account
from solders.pubkey import Pubkey

from neurolov_client import job_registry
from tests.invariants.economy import Economy
from tests.world import Actor


def trust(economy: Economy, owner: Actor) -> None:
    """Gives a provider the reputation of a hundred settled jobs: draws often spare it."""
    address = job_registry.provider_address(owner.key)
    add(economy, address, job_registry.Provider.OFFSETS["reputation"], 2**16, size=4)


def add(economy: Economy, address: Pubkey, offset: int, difference: int, *, size: int = 8) -> None:
    """Changes a little-endian unsigned integer of `size` bytes in an account."""
    raw = economy.world.bank.account(address)
    assert raw is not None
    data = bytearray(raw.data)
    value = int.from_bytes(data[offset : offset + size], "little") + difference
    data[offset : offset + size] = value.to_bytes(size, "little")
    economy.world.bank.set_account(address, Account(raw.lamports, bytes(data), raw.owner))
    economy.forget()
