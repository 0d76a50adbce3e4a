"""anchorpy's program, as those use it who have anchorpy already, against localnet."""

import asyncio

import pytest
from anchorpy.error import ProgramError
from anchorpy.program.context import Context
from anchorpy.provider import Provider, Wallet
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed
from solana.rpc.types import TxOpts
from solders.keypair import Keypair

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, deploy_localnet
from neurolov_client import (
    PROGRAM_IDS,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    anchor,
    associated_token_address,
    staking,
)

OWNER = Keypair.from_seed(bytes([3]) * 32)
OPTIONS = TxOpts(preflight_commitment=Confirmed)


def test_anchorpy_sends_reads_and_names_the_refusal() -> None:
    owner = OWNER.pubkey()
    position = staking.position_address(owner)

    async def run() -> None:
        async with (
            Localnet(programs=built_programs(), port=0, ticking=False) as net,
            AsyncClient(net.url, Confirmed) as rpc,
        ):
            mint = deploy_localnet(net.bank).mint
            net.bank.airdrop(owner, 10**9)
            mint.mint_to(net.bank, owner, 1)
            net.bank.advance()
            program = anchor.program("staking", Provider(rpc, Wallet(OWNER), OPTIONS))
            accounts = {"owner": owner, "position": position, "system_program": SYSTEM_PROGRAM}
            await program.rpc["open_position"](ctx=Context(accounts=accounts, options=OPTIONS))
            net.bank.advance()
            found = await program.account["Position"].fetch(position, Confirmed)
            raw = (await rpc.get_account_info(position)).value
            assert raw is not None
            ours = staking.Position.decode(bytes(raw.data), owner=raw.owner)
            assert found.owner == ours.owner == owner
            assert (found.amount, found.tickets) == (ours.amount, ours.tickets)
            staking_accounts = {
                "owner": owner,
                "pool": staking.pool_address(),
                "position": position,
                "stake_vault": staking.stake_vault_address(),
                "source": associated_token_address(owner, mint.address),
                "token_program": TOKEN_PROGRAM,
            }
            with pytest.raises(ProgramError) as refused:
                await program.rpc["stake"](0, ctx=Context(staking_accounts, options=OPTIONS))
            assert refused.value.code == staking.Errors.ZeroAmount.code
            assert refused.value.msg == staking.Errors.ZeroAmount.message

    asyncio.run(run())


def test_only_these_programs_have_an_idl() -> None:
    assert [anchor.idl(name).name for name in PROGRAM_IDS] == list(PROGRAM_IDS)
    with pytest.raises(KeyError, match="addresses"):
        anchor.idl("../addresses")
