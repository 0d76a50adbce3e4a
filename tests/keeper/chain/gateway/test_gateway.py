"""Every request against the real localnet."""

import asyncio

import pytest
from solders.account import Account as RawAccount
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from keeper.chain.errors import (
    ExpiredError,
    InsufficientFundsError,
    ProgramError,
    TransientError,
    UnexpectedDataError,
)
from keeper.chain.gateway import Blockhash, Gateway
from keeper.chain.submit.signing import signed
from neurolov_client import events_from_logs, job_registry, staking
from tests.keeper.chain.cluster import SOL, Cluster, on_cluster

STRANGER = Pubkey(bytes([9]) * 32)


def wire(served: Cluster, blockhash: Blockhash, payer: Keypair | None = None) -> bytes:
    """Signed bytes that open the staker's position."""
    return signed(
        [served.open_position()],
        signers=[payer or served.staker, served.staker],
        blockhash=blockhash,
        compute_units=200_000,
        unit_price=0,
        taken=lambda _signature: False,
    ).wire


def test_the_clock_is_the_banks() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            served.net.bank.advance(5)
            assert await gateway.slot() == served.net.bank.slot
            found = await gateway.latest_blockhash()
            assert found.hash == served.net.bank.latest_blockhash
            height = await gateway.block_height()
            assert height < found.last_valid_block_height <= height + 151

    on_cluster(act)


def test_accounts_are_typed_and_checked() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            pool = await gateway.fetch(staking.Pool, staking.pool_address())
            assert pool is not None
            assert pool.mint == served.deployment.mint.address
            assert await gateway.fetch(staking.Pool, STRANGER) is None
            with pytest.raises(UnexpectedDataError, match="Pool: discriminator"):
                await gateway.fetch(staking.Pool, staking.verifiers_address())
            with pytest.raises(UnexpectedDataError, match="Market: owned by"):
                await gateway.fetch(job_registry.Market, staking.pool_address())
            found = await gateway.fetch_all(staking.Pool, [STRANGER, staking.pool_address()])
            assert found == [None, pool]

    on_cluster(act)


def test_short_account_data_are_refused() -> None:
    async def act(served: Cluster) -> None:
        bank = served.net.bank
        raw = bank.account(staking.snapshot_address(0))
        assert raw is not None
        cut = RawAccount(raw.lamports, bytes(raw.data)[:-1], raw.owner)
        bank.set_account(staking.snapshot_address(0), cut)
        async with Gateway(served.net.url) as gateway:
            with pytest.raises(UnexpectedDataError, match="Snapshot: 8231 bytes, expected 8232"):
                await gateway.fetch(staking.Snapshot, staking.snapshot_address(0))

    on_cluster(act)


def test_many_accounts_take_several_requests_and_keep_their_order() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            addresses = [Pubkey(index.to_bytes(32, "little")) for index in range(1, 250)]
            addresses[240] = staking.pool_address()
            found = await gateway.accounts(addresses)
            assert [index for index, account in enumerate(found) if account] == [240]

    on_cluster(act)


def test_program_accounts_are_found_by_field() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            await gateway.send(wire(served, await gateway.latest_blockhash()))
            owner = served.staker.pubkey()
            found = await gateway.program_accounts(staking.Position, {"owner": owner})
            assert [(address, each.owner) for address, each in found] == [
                (staking.position_address(owner), owner)
            ]
            assert await gateway.program_accounts(staking.Position, {"owner": STRANGER}) == []
            snapshots = await gateway.program_accounts(staking.Snapshot, {"parity": bytes([1])})
            assert [address for address, _ in snapshots] == [staking.snapshot_address(1)]

    on_cluster(act)


def test_a_transaction_is_sent_found_and_read_back() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            sent = wire(served, await gateway.latest_blockhash())
            signature = await gateway.send(sent)
            assert await gateway.send(sent) == signature, "identical bytes are harmless"
            status, unknown = await gateway.statuses([signature, Signature.default()])
            assert unknown is None
            assert status is not None
            assert status.error is None
            landed = await gateway.transaction(signature)
            assert landed is not None
            assert landed.error is None
            (event,) = events_from_logs(landed.logs)
            assert isinstance(event, staking.PositionOpened)
            history = await gateway.signatures(staking.position_address(served.staker.pubkey()))
            assert [record.signature for record in history] == [signature]
            assert await gateway.transaction(Signature.default()) is None

    on_cluster(act)


def test_preflight_names_the_programs_error() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            blockhash = await gateway.latest_blockhash()
            overdrawn = signed(
                [served.open_position(), served.stake(2_000_000)],
                signers=[served.staker],
                blockhash=blockhash,
                compute_units=200_000,
                unit_price=0,
                taken=lambda _signature: False,
            )
            with pytest.raises(InsufficientFundsError, match="token: InsufficientFunds"):
                await gateway.send(overdrawn.wire)
            await gateway.send(wire(served, blockhash))
            served.net.bank.advance()
            with pytest.raises(ProgramError) as caught:
                await gateway.send(wire(served, await gateway.latest_blockhash()))
            assert (caught.value.program, caught.value.name) == ("system", "AccountAlreadyInUse")

    on_cluster(act)


def test_a_payer_without_lamports_is_told_to_fund() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            pauper = Keypair.from_seed(bytes([8]) * 32)
            with pytest.raises(InsufficientFundsError, match="fund"):
                await gateway.send(wire(served, await gateway.latest_blockhash(), pauper))

    on_cluster(act)


def test_an_old_blockhash_has_expired() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            sent = wire(served, await gateway.latest_blockhash())
            served.net.bank.advance(200)
            with pytest.raises(ExpiredError):
                await gateway.send(sent)
            signature = VersionedTransaction.from_bytes(sent).signatures[0]
            assert await gateway.statuses([signature]) == [None]

    on_cluster(act)


def test_balances_and_tokens() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url) as gateway:
            owner = served.staker.pubkey()
            assert await gateway.balance(owner) == 10 * SOL
            assert await gateway.balance(STRANGER) == 0
            await gateway.airdrop(STRANGER, SOL)
            assert await gateway.balance(STRANGER) == SOL
            tokens = served.deployment.mint.token_account(owner)
            assert await gateway.token_balance(tokens) == 1_000_000
            with pytest.raises(UnexpectedDataError, match="is no SPL token account"):
                await gateway.token_balance(staking.pool_address())

    on_cluster(act)


def test_logs_are_pushed() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url, websocket_url=served.net.ws_url) as gateway:
            await gateway.send(wire(served, await gateway.latest_blockhash()))
            first = asyncio.ensure_future(anext(gateway.logs(staking.ID)))
            sent = set()
            while not first.done():
                served.net.bank.advance()
                staking_one = signed(
                    [served.stake(1)],
                    signers=[served.staker],
                    blockhash=await gateway.latest_blockhash(),
                    compute_units=200_000,
                    unit_price=0,
                    taken=lambda _signature: False,
                )
                sent.add(await gateway.send(staking_one.wire))
            pushed = await first
            assert pushed.signature in sent
            assert not pushed.failed
            (event,) = events_from_logs(pushed.logs)
            assert isinstance(event, staking.Staked)

    on_cluster(act)


def test_a_websocket_that_refuses_is_transient() -> None:
    async def act(served: Cluster) -> None:
        async with Gateway(served.net.url, websocket_url=served.net.url) as gateway:
            with pytest.raises(TransientError, match="lost http"):
                await anext(gateway.logs(staking.ID))

    on_cluster(act)
