"""solana-py, as the keeper and integrators use it, against a localnet."""

import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Finalized, Processed
from solana.rpc.core import RPCException
from solana.rpc.types import MemcmpOpts, TokenAccountOpts, TxOpts
from solders.account import Account
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsFilterMentions
from solders.rpc.errors import SendTransactionPreflightFailureMessage
from solders.rpc.responses import (
    AccountNotification,
    LogsNotification,
    ProgramNotification,
    SignatureNotification,
    SlotNotification,
    SubscriptionResult,
)
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from solders.transaction_status import TransactionConfirmationStatus
from spl.token.constants import TOKEN_PROGRAM_ID

from keeper.lab.localnet import Localnet, TokenMint

from .conftest import SOL, keypair

with warnings.catch_warnings():
    # solana-py 0.36 still imports the websockets API of old.
    warnings.simplefilter("ignore", DeprecationWarning)
    from solana.rpc.websocket_api import SolanaWsClientProtocol, connect

pytestmark = pytest.mark.anyio

PAYER = keypair(1)
RECEIVER = keypair(9).pubkey()
PROGRAM = keypair(8).pubkey()


@pytest.fixture
async def client(net: Localnet) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(net.url, commitment=Confirmed) as client:
        await client.request_airdrop(PAYER.pubkey(), 10 * SOL)
        yield client


@pytest.fixture
async def ws(net: Localnet) -> AsyncIterator[SolanaWsClientProtocol]:
    async with connect(net.ws_url) as ws:
        yield ws


async def payment(
    client: AsyncClient, lamports: int, payer: Keypair = PAYER
) -> VersionedTransaction:
    blockhash = (await client.get_latest_blockhash()).value.blockhash
    instruction = transfer(
        TransferParams(from_pubkey=payer.pubkey(), to_pubkey=RECEIVER, lamports=lamports)
    )
    message = MessageV0.try_compile(payer.pubkey(), [instruction], [], blockhash)
    return VersionedTransaction(message, [payer])


async def test_send_and_confirm(client: AsyncClient) -> None:
    latest = (await client.get_latest_blockhash()).value
    transaction = await payment(client, SOL)
    signature = (await client.send_transaction(transaction)).value
    confirmed = await client.confirm_transaction(
        signature, Finalized, last_valid_block_height=latest.last_valid_block_height
    )
    (status,) = confirmed.value
    assert status is not None
    assert status.err is None
    assert status.confirmation_status == TransactionConfirmationStatus.Finalized
    assert (await client.get_balance(RECEIVER)).value == SOL


async def test_transaction_and_its_history(client: AsyncClient) -> None:
    signature = (await client.send_transaction(await payment(client, SOL))).value
    found = (
        await client.get_transaction(
            signature, encoding="base64", max_supported_transaction_version=0
        )
    ).value
    assert found is not None
    meta = found.transaction.meta
    assert meta is not None
    assert (meta.err, meta.fee, meta.compute_units_consumed) == (None, 5_000, 150)
    listed = (await client.get_signatures_for_address(RECEIVER)).value
    assert [one.signature for one in listed] == [signature]
    assert (await client.get_transaction(Signature.default())).value is None


@pytest.mark.parametrize("encoding", ["json", "jsonParsed"])
async def test_transaction_in_json(client: AsyncClient, encoding: str) -> None:
    signature = (await client.send_transaction(await payment(client, SOL))).value
    found = (
        await client.get_transaction(
            signature, encoding=encoding, max_supported_transaction_version=0
        )
    ).value
    assert found is not None
    assert found.slot == 1


async def test_preflight_failure_is_typed(client: AsyncClient) -> None:
    with pytest.raises(RPCException) as caught:
        await client.send_transaction(await payment(client, 100 * SOL))
    failure = caught.value.args[0]
    assert isinstance(failure, SendTransactionPreflightFailureMessage)
    assert failure.data.units_consumed == 150
    assert failure.data.logs is not None
    assert (await client.get_balance(PAYER.pubkey())).value == 10 * SOL


async def test_failure_without_preflight_lands(client: AsyncClient) -> None:
    transaction = await payment(client, 100 * SOL)
    signature = (await client.send_transaction(transaction, TxOpts(skip_preflight=True))).value
    (status,) = (await client.get_signature_statuses([signature])).value
    assert status is not None
    assert status.err is not None


async def test_simulation(client: AsyncClient) -> None:
    simulated = (await client.simulate_transaction(await payment(client, SOL))).value
    assert (simulated.err, simulated.units_consumed) == (None, 150)
    assert (await client.get_balance(RECEIVER)).value == 0


async def test_accounts_of_a_program(client: AsyncClient, net: Localnet) -> None:
    for number, data in enumerate((b"\1aa", b"\2a", b"\2bb")):
        key = Pubkey.from_bytes(bytes([number + 50]) * 32)
        net.bank.set_account(key, Account(SOL, data, PROGRAM))
    everything = (await client.get_program_accounts(PROGRAM, encoding="base64")).value
    assert [one.account.data for one in everything] == [b"\1aa", b"\2a", b"\2bb"]
    filtered = await client.get_program_accounts(
        PROGRAM, encoding="base64", filters=[3, MemcmpOpts(offset=0, bytes="3")]
    )
    assert [one.account.data for one in filtered.value] == [b"\2bb"]
    keys = [one.pubkey for one in everything]
    several = (await client.get_multiple_accounts([*keys, PROGRAM])).value
    assert [one and one.data for one in several] == [b"\1aa", b"\2a", b"\2bb", None]
    assert (await client.get_account_info(PROGRAM)).value is None


async def test_tokens(client: AsyncClient, net: Localnet) -> None:
    mint = TokenMint(keypair(2), keypair(3))
    mint.mint_to(net.bank, RECEIVER, 5)
    account = mint.token_account(RECEIVER)
    assert (await client.get_token_account_balance(account)).value.amount == "5"
    assert (await client.get_token_supply(mint.address)).value.amount == "5"
    opts = TokenAccountOpts(program_id=TOKEN_PROGRAM_ID)
    owned = (await client.get_token_accounts_by_owner(RECEIVER, opts)).value
    assert [one.pubkey for one in owned] == [account]
    parsed = (await client.get_token_accounts_by_owner_json_parsed(RECEIVER, opts)).value
    info: Any = parsed[0].account.data.parsed
    assert info["info"]["tokenAmount"]["amount"] == "5"
    largest = (await client.get_token_largest_accounts(mint.address)).value
    assert [one.address for one in largest] == [account]


async def test_cluster(client: AsyncClient, net: Localnet) -> None:
    assert (await client.get_slot(Processed)).value == 1
    assert (await client.get_block_height()).value == 1
    assert (await client.get_genesis_hash()).value == net.bank.genesis_hash
    assert (await client.get_epoch_info()).value.slots_in_epoch == 432_000
    assert (await client.get_epoch_schedule()).value.warmup is False
    assert (await client.get_version()).value.solana_core == "2.2.0"
    identity = (await client.get_identity()).value.identity
    assert (await client.get_slot_leader()).value == identity
    assert len((await client.get_cluster_nodes()).value) == 1
    assert (await client.get_minimum_balance_for_rent_exemption(0)).value == 890_880
    assert (await client.get_first_available_block()).value == 0
    assert (await client.get_transaction_count()).value == 2
    assert await client.is_connected()
    message = (await payment(client, 1)).message
    assert isinstance(message, MessageV0)
    assert (await client.get_fee_for_message(message)).value == 5_000


async def test_blocks(client: AsyncClient, net: Localnet) -> None:
    signature = (await client.send_transaction(await payment(client, SOL))).value
    net.bank.advance()
    block = (await client.get_block(1, max_supported_transaction_version=0)).value
    assert block is not None
    assert block.block_height == 1
    assert block.transactions is not None
    assert len(block.transactions) == 3
    assert (await client.get_block_time(1)).value == block.block_time
    assert (await client.get_blocks(0)).value == [0, 1]
    assert net.bank.record(signature) is not None


async def test_faulty_call_is_an_exception(client: AsyncClient) -> None:
    with pytest.raises((RPCException, SolanaRpcException)):
        await client.get_token_supply(RECEIVER)


async def subscribed(ws: SolanaWsClientProtocol) -> int:
    (response,) = await ws.recv()
    assert isinstance(response, SubscriptionResult)
    return response.result


async def test_subscriptions(
    client: AsyncClient, net: Localnet, ws: SolanaWsClientProtocol
) -> None:
    await ws.account_subscribe(RECEIVER, Confirmed, encoding="base64")
    account = await subscribed(ws)
    await ws.program_subscribe(PROGRAM, encoding="base64", filters=[2])
    program = await subscribed(ws)
    await ws.logs_subscribe(RpcTransactionLogsFilterMentions(RECEIVER))
    logs = await subscribed(ws)
    transaction = await payment(client, SOL)
    await ws.signature_subscribe(transaction.signatures[0])
    signature = await subscribed(ws)
    await ws.slot_subscribe()
    slot = await subscribed(ws)

    await client.send_transaction(transaction)
    net.bank.set_account(PROGRAM, Account(SOL, b"ab", PROGRAM))
    net.bank.advance()
    received: list[Any] = [(await ws.recv())[0] for _ in range(5)]
    assert [type(one) for one in received] == [
        AccountNotification,
        LogsNotification,
        SignatureNotification,
        ProgramNotification,
        SlotNotification,
    ]
    assert [one.subscription for one in received] == [account, logs, signature, program, slot]
    changed, log, done, owned, opened = received
    assert isinstance(changed, AccountNotification)
    assert changed.result.value.lamports == SOL
    assert isinstance(log, LogsNotification)
    assert log.result.value.signature == transaction.signatures[0]
    assert isinstance(done, SignatureNotification)
    assert done.result.value.err is None
    assert isinstance(owned, ProgramNotification)
    assert owned.result.value.account.data == b"ab"
    assert isinstance(opened, SlotNotification)
    assert opened.result.slot == 2

    await ws.account_unsubscribe(account)
    await ws.recv()
    await client.send_transaction(await payment(client, SOL + 1))
    (only,) = await ws.recv()
    assert isinstance(only, LogsNotification)
