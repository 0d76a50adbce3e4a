"""Accounts, events and transactions."""

from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from neurolov_client import Event, events_from_logs, program_error


class Reader:
    """Reads accounts and events; `rpc` is a connection to the cluster."""

    def __init__(self, rpc: AsyncClient) -> None:
        self.rpc = rpc

    async def data(self, address: Pubkey) -> bytes | None:
        """Returns an account's bytes, None where there is no account."""
        account = (await self.rpc.get_account_info(address)).value
        return None if account is None else bytes(account.data)

    async def required(self, address: Pubkey) -> bytes:
        """Returns an account's bytes; raises LookupError where there is no account."""
        data = await self.data(address)
        if data is None:
            raise LookupError(f"there is no account at {address}")
        return data

    async def events(
        self, address: Pubkey, after: Signature | None
    ) -> tuple[list[Event], Signature | None]:
        """Returns the events of an address since a transaction, and the last one's signature."""
        found = (await self.rpc.get_signatures_for_address(address, until=after)).value
        events: list[Event] = []
        for status in reversed(found):
            response = await self.rpc.get_transaction(
                status.signature, max_supported_transaction_version=0
            )
            meta = response.value.transaction.meta if response.value else None
            events += events_from_logs((meta.log_messages if meta else None) or [])
        return events, found[0].signature if found else after


class Client(Reader):
    """Signs and pays with `key`."""

    def __init__(self, rpc: AsyncClient, key: Keypair) -> None:
        super().__init__(rpc)
        self.owner = key.pubkey()
        self._key = key

    async def send(self, *instructions: Instruction) -> Signature:
        """Sends one transaction and returns its signature once it is confirmed.

        Raises neurolov_client.ProgramError with the name of the refusal when a program refuses it.
        """
        blockhash = (await self.rpc.get_latest_blockhash()).value.blockhash
        message = MessageV0.try_compile(self.owner, instructions, [], blockhash)
        transaction = VersionedTransaction(message, [self._key])
        simulated = (await self.rpc.simulate_transaction(transaction)).value
        if simulated.err is not None:
            refusal = program_error(simulated.err, logs=simulated.logs or [])
            raise refusal or RuntimeError(f"the transaction fails: {simulated.err}")
        signature = (await self.rpc.send_transaction(transaction)).value
        await self.rpc.confirm_transaction(signature, Confirmed, sleep_seconds=0.2)
        return signature
