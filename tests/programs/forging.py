"""What an attacker tries, and what no client can do: sign as a program, remove accounts."""

import hashlib
from collections.abc import Iterable
from typing import Final

from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.transaction_metadata import FailedTransactionMetadata
from spl.token.instructions import TransferParams, transfer

from neurolov_client import (
    CPI_AUTHORITIES,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    Event,
    events_from_logs,
    program_error,
    staking,
)
from neurolov_client.bindings.job_registry import SEATS
from tests.world import Actor, World
from tests.world.editing import overwrite

_PAYER: Final = Pubkey(hashlib.sha256(b"pays for forged transactions").digest())


class Caller:
    """One of the programs, for the instructions that only its own signer may call."""

    def __init__(self, world: World, program: str) -> None:
        self.world = world
        self.key = CPI_AUTHORITIES[program]
        world.bank.set_account(_PAYER, Account(10**12, b"", SYSTEM_PROGRAM))

    def send(self, *instructions: Instruction) -> tuple[Event, ...]:
        """Runs the instructions in one transaction with all signatures; raises ProgramError."""
        result = self.world.forge(instructions, _PAYER)
        if isinstance(result, FailedTransactionMetadata):
            error = program_error(result.err(), logs=result.meta().logs())
            assert error is not None, result.err()
            raise error
        return events_from_logs(result.logs())

    def fails(self, error: str, *instructions: Instruction) -> None:
        """Asserts that exactly this error refuses the instructions and that nothing has changed."""
        before = self.world.snapshot()
        result = self.world.forge(instructions, _PAYER)
        assert isinstance(result, FailedTransactionMetadata), f"expected {error}"
        failure = program_error(result.err(), logs=result.meta().logs())
        assert failure is not None, result.err()
        assert failure.name == error, failure
        assert not self.world.changed(before)


def purge(world: World, *addresses: Pubkey) -> None:
    """Removes accounts, as if they had never been created."""
    for address in addresses:
        world.bank.set_account(address, Account(0, b"", SYSTEM_PROGRAM))


def copied(world: World, address: Pubkey, *, owner: Pubkey) -> Pubkey:
    """Returns a copy of an account's bytes at a new address, owned by another program."""
    raw = world.bank.account(address)
    assert raw is not None
    copy = Pubkey(hashlib.sha256(bytes(address)).digest())
    world.bank.set_account(copy, Account(raw.lamports, bytes(raw.data), owner))
    return copy


def fill_seats(world: World, *, but: int = 0) -> None:
    """Counts all seats `but` so many as existing; with none free, newcomers displace holders."""
    offset = staking.VerifierTree.OFFSETS["seats"]
    overwrite(world, staking.verifiers_address(), offset, (SEATS - but).to_bytes(2, "little"))


def donate(world: World, giver: Actor, vault: Pubkey, amount: int) -> None:
    """Sends tokens to an account that did not ask for them."""
    world.send(
        transfer(
            TransferParams(
                program_id=TOKEN_PROGRAM,
                source=giver.tokens,
                dest=vault,
                owner=giver.key,
                amount=amount,
            )
        ),
        signers=[giver],
    )


def other_bump(seeds: Iterable[bytes], program: Pubkey) -> Pubkey:
    """Returns a program address under these seeds that is not the canonical one."""
    parts = list(seeds)
    canonical = Pubkey.find_program_address(parts, program)[1]
    for bump in range(canonical - 1, -1, -1):
        hashed = b"".join([*parts, bytes([bump]), bytes(program), b"ProgramDerivedAddress"])
        address = Pubkey(hashlib.sha256(hashed).digest())
        if not address.is_on_curve():
            return address
    raise AssertionError("no other bump")
