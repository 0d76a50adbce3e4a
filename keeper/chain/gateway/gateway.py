"""Typed requests to one cluster."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from based58 import b58encode
from solana.rpc.commitment import Commitment
from solana.rpc.types import MemcmpOpts, TxOpts
from solders.account import Account as RawAccount
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.token.state import TokenAccount
from solders.transaction import VersionedTransaction

from keeper.chain.errors import (
    AlreadyProcessedError,
    TransientError,
    UnexpectedDataError,
)
from keeper.chain.gateway.backoff import ONCE
from keeper.chain.gateway.connection import ClusterConnection
from keeper.chain.gateway.records import (
    Blockhash,
    LandedTransaction,
    SignatureRecord,
    SignatureStatus,
    landed_of,
    record_of,
    status_of,
)
from keeper.chain.gateway.subscription import LogsNotification, subscribed_logs
from keeper.chain.gateway.transport import requested
from neurolov_client import TOKEN_PROGRAM, Account, AccountDataError

MAX_ACCOUNTS_A_REQUEST: Final = 100
MAX_SIGNATURES_A_REQUEST: Final = 1000
TOKEN_ACCOUNT_BYTES: Final = 165

AccountType = TypeVar("AccountType", bound=Account)


class Gateway(ClusterConnection):
    """Typed reads of one cluster, and the sending of transactions. Use as `async with`."""

    async def slot(self, commitment: Commitment | None = None) -> int:
        """Returns the current slot."""
        return (await self._ask("slot", lambda: self._client.get_slot(commitment))).value

    async def block_height(self, commitment: Commitment | None = None) -> int:
        """Returns the current block height."""
        answer = await self._ask("block height", lambda: self._client.get_block_height(commitment))
        return answer.value

    async def block_time(self, slot: int) -> int | None:
        """Returns the Unix seconds of a block, None where the node does not know."""
        return (await self._ask("block time", lambda: self._client.get_block_time(slot))).value

    async def blocks(self, first: int, last: int) -> list[int]:
        """Returns the slots from `first` to `last` that have a block, in order."""
        return (await self._ask("blocks", lambda: self._client.get_blocks(first, last))).value

    async def latest_blockhash(self) -> Blockhash:
        """Returns a blockhash to sign with."""
        answer = await self._ask("latest blockhash", self._client.get_latest_blockhash)
        return Blockhash(answer.value.blockhash, answer.value.last_valid_block_height)

    async def balance(self, address: Pubkey) -> int:
        """Returns the lamports of the address, 0 where there is no account."""
        return (await self._ask("balance", lambda: self._client.get_balance(address))).value

    async def rent_exempt_minimum(self, data_length: int) -> int:
        """Returns the lamports that keep an account of so many bytes."""
        request = self._client.get_minimum_balance_for_rent_exemption
        return (await self._ask("rent", lambda: request(data_length))).value

    async def account(self, address: Pubkey) -> RawAccount | None:
        """Returns the account, None where there is none."""
        return (await self._ask("account", lambda: self._client.get_account_info(address))).value

    async def accounts(self, addresses: Sequence[Pubkey]) -> list[RawAccount | None]:
        """Returns the accounts in the order asked, None for each that does not exist."""
        found: list[RawAccount | None] = []
        for start in range(0, len(addresses), MAX_ACCOUNTS_A_REQUEST):
            part = list(addresses[start : start + MAX_ACCOUNTS_A_REQUEST])
            answer = await self._ask("accounts", partial(self._client.get_multiple_accounts, part))
            if len(answer.value) != len(part):
                raise UnexpectedDataError(
                    f"asked for {len(part)} accounts, got {len(answer.value)}"
                )
            found += answer.value
        return found

    async def fetch(self, kind: type[AccountType], address: Pubkey) -> AccountType | None:
        """Returns the decoded account, None where there is none.

        Raises UnexpectedDataError on another owner, another type or short data.
        """
        raw = await self.account(address)
        return None if raw is None else _decoded(kind, address, raw)

    async def fetch_all(
        self, kind: type[AccountType], addresses: Sequence[Pubkey]
    ) -> list[AccountType | None]:
        """Returns what `fetch` would for each of several addresses of one type."""
        raws = await self.accounts(addresses)
        return [
            None if raw is None else _decoded(kind, address, raw)
            for address, raw in zip(addresses, raws, strict=True)
        ]

    async def program_accounts(
        self, kind: type[AccountType], where: Mapping[str, Pubkey | bytes] | None = None
    ) -> list[tuple[Pubkey, AccountType]]:
        """Returns address and account of each of the type whose fields have the given bytes.

        Integers are little-endian: `where={"state": bytes([1])}`.
        """
        filters = [MemcmpOpts(0, b58encode(kind.DISCRIMINATOR).decode())]
        for field, value in (where or {}).items():
            filters.append(MemcmpOpts(kind.OFFSETS[field], b58encode(bytes(value)).decode()))
        answer = await self._ask(
            f"{kind.PROGRAM} accounts",
            lambda: self._client.get_program_accounts(
                kind.PROGRAM_ID, encoding="base64", filters=filters
            ),
        )
        return [
            (keyed.pubkey, _decoded(kind, keyed.pubkey, keyed.account)) for keyed in answer.value
        ]

    async def token_balance(self, address: Pubkey) -> int | None:
        """Returns the base units in a legacy SPL token account, None where there is none."""
        raw = await self.account(address)
        if raw is None:
            return None
        try:
            if raw.owner != TOKEN_PROGRAM:
                raise ValueError(f"owned by {raw.owner}")
            return TokenAccount.from_bytes(bytes(raw.data)).amount
        except ValueError as error:
            raise UnexpectedDataError(f"{address} is no SPL token account: {error}") from error

    async def token_accounts(self, mint: Pubkey) -> list[tuple[Pubkey, TokenAccount]]:
        """Returns every legacy SPL token account of the mint, with its address."""
        filters: list[int | MemcmpOpts] = [TOKEN_ACCOUNT_BYTES, MemcmpOpts(0, str(mint))]
        answer = await self._ask(
            f"token accounts of {mint}",
            lambda: self._client.get_program_accounts(
                TOKEN_PROGRAM, encoding="base64", filters=filters
            ),
        )
        try:
            return [
                (keyed.pubkey, TokenAccount.from_bytes(bytes(keyed.account.data)))
                for keyed in answer.value
            ]
        except ValueError as error:
            raise UnexpectedDataError(f"no SPL token account of {mint}: {error}") from error

    async def token_supply(self, mint: Pubkey) -> int:
        """Returns the base units of the mint that exist."""
        answer = await self._ask(f"supply of {mint}", lambda: self._client.get_token_supply(mint))
        return int(answer.value.amount)

    async def signatures(
        self,
        address: Pubkey,
        *,
        until: Signature | None = None,
        before: Signature | None = None,
        limit: int = MAX_SIGNATURES_A_REQUEST,
    ) -> list[SignatureRecord]:
        """Returns the history of the address, newest first, after `until` and before `before`."""
        answer = await self._ask(
            "signatures",
            lambda: self._client.get_signatures_for_address(address, before, until, limit),
        )
        return [record_of(entry) for entry in answer.value]

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        """Returns a landed transaction with its logs, None where the node has none (yet)."""
        answer = await self._ask(
            "transaction",
            lambda: self._client.get_transaction(
                signature, "base64", max_supported_transaction_version=0
            ),
        )
        if answer.value is None:
            return None
        return landed_of(signature, answer.value.slot, answer.value.transaction)

    async def send(self, transaction: bytes, *, preflight: bool = True) -> Signature:
        """Hand signed bytes to the node, once; sending the same bytes again is harmless.

        It is not tried again here: only whoever knows that these bytes were never out before may
        take a refusal for final. Raises what preflight finds: ProgramError, InsufficientFundsError,
        ExpiredError.
        """
        options = TxOpts(
            skip_confirmation=True,
            skip_preflight=not preflight,
            preflight_commitment=self.commitment,
        )
        signature = VersionedTransaction.from_bytes(transaction).signatures[0]
        try:
            answer = await requested(
                lambda: self._of_this_chain(
                    lambda: self._client.send_raw_transaction(transaction, options)
                ),
                what=f"send to {self.url}",
                backoff=ONCE,
            )
        except AlreadyProcessedError:
            return signature
        if answer.value != signature:
            raise UnexpectedDataError(f"sent {signature}, the node took {answer.value}")
        return signature

    async def statuses(self, signatures: Sequence[Signature]) -> list[SignatureStatus | None]:
        """Returns each signature's status from the node's whole history, None if unknown."""
        answer = await self._ask(
            "signature statuses",
            lambda: self._client.get_signature_statuses(
                list(signatures), search_transaction_history=True
            ),
        )
        if len(answer.value) != len(signatures):
            raise UnexpectedDataError(
                f"asked for {len(signatures)} statuses, got {len(answer.value)}"
            )
        return [None if status is None else status_of(status) for status in answer.value]

    async def airdrop(self, address: Pubkey, lamports: int) -> Signature:
        """Ask a test cluster's faucet for lamports."""
        return (
            await self._ask("airdrop", lambda: self._client.request_airdrop(address, lamports))
        ).value

    async def logs(
        self, address: Pubkey, opened: Callable[[], None] = lambda: None
    ) -> AsyncIterator[LogsNotification]:
        """Yields logs of landing transactions that name the address, until the connection ends.

        `opened` is called once the node has taken the subscription. It holds one connection, and
        raises TransientError when that breaks. What landed meanwhile has to be read by
        `signatures`.
        """
        if self._doubtful:
            await self.check_cluster()
        try:
            async for pushed in subscribed_logs(
                self.websocket_url, address, self.commitment, opened
            ):
                yield pushed
        except TransientError:
            self._doubtful = True
            raise


def _decoded(kind: type[AccountType], address: Pubkey, raw: RawAccount) -> AccountType:
    try:
        return kind.decode(bytes(raw.data), owner=raw.owner)
    except AccountDataError as error:
        raise UnexpectedDataError(f"{address}: {error}") from error
