import asyncio
from pathlib import Path

import pytest

from keeper.chain.deploy import FIRST_TERMS, deploy_instructions
from keeper.chain.errors import ProgramError
from keeper.chain.gateway import Backoff, Gateway
from keeper.chain.submit import Submitter
from keeper.journal import Journal
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet import Bank, Localnet
from keeper.lab.localnet.deployment import (
    CHECKPOINT_SLOTS,
    LOCALNET_PARAMETERS,
    built_programs,
    deploy_localnet,
    localnet_mint,
)
from neurolov_client import DEPLOYER, PROGRAM_IDS, escrow, job_registry, staking
from tests.keeper.chain.cluster import SOL


def test_localnets_keys_are_those_that_the_programs_know() -> None:
    assert localnet_keypair("deployer").pubkey() == DEPLOYER
    assert {
        name: localnet_keypair(f"program {name}").pubkey() for name in PROGRAM_IDS
    } == PROGRAM_IDS


def test_every_program_is_built_and_committed() -> None:
    assert set(built_programs()) == set(PROGRAM_IDS.values())
    assert all(path.read_bytes().startswith(b"\x7fELF") for path in built_programs().values())


def test_a_deployment_is_governed_and_paid_as_asked() -> None:
    bank = Bank(programs=built_programs())
    deployed = deploy_localnet(bank)
    raw = bank.account(escrow.config_address())
    assert raw is not None
    config = escrow.Config.decode(bytes(raw.data), owner=raw.owner)
    assert config.mint == deployed.mint.address == localnet_mint().address
    pool = bank.account(staking.pool_address())
    assert pool is not None
    governed = staking.Pool.decode(bytes(pool.data), owner=pool.owner)
    assert governed.authority == deployed.authority.pubkey()
    assert (governed.terms, governed.checkpoint_slots) == (FIRST_TERMS, CHECKPOINT_SLOTS)
    first = bank.account(staking.terms_address(FIRST_TERMS))
    assert first is not None
    terms = staking.Terms.decode(bytes(first.data), owner=first.owner)
    assert (terms.parameters, terms.treasury) == (LOCALNET_PARAMETERS, deployed.treasury)
    assert deployed.treasury == deployed.mint.token_account(deployed.treasury_owner.pubkey())


def test_a_second_deployment_is_refused_and_changes_nothing() -> None:
    bank = Bank(programs=built_programs())
    deploy_localnet(bank)
    bank.advance()
    before = {each: bank.program_accounts(each) for each in PROGRAM_IDS.values()}
    with pytest.raises(ProgramError) as caught:
        deploy_localnet(bank)
    assert caught.value.name == "AccountAlreadyInUse"
    assert {each: bank.program_accounts(each) for each in PROGRAM_IDS.values()} == before


def test_the_programs_can_be_deployed_through_a_node(tmp_path: Path) -> None:
    async def deploy() -> None:
        mint, authority = localnet_mint(), localnet_keypair("authority").pubkey()
        async with Localnet(
            programs=built_programs(), mint=mint, port=0, ticking=False, seed=bytes(32)
        ) as net:
            net.bank.airdrop(DEPLOYER, 100 * SOL)

            async def tick(_seconds: float) -> None:
                net.bank.advance()

            async with Gateway(net.url, backoff=Backoff(attempts=1)) as gateway:
                with Journal(tmp_path / "journal.sqlite") as journal:
                    deployer = localnet_keypair("deployer")
                    submit = Submitter(gateway, journal, deployer, sleep=tick)
                    batches = deploy_instructions(
                        parameters=LOCALNET_PARAMETERS,
                        checkpoint_slots=CHECKPOINT_SLOTS,
                        mint=mint.address,
                        authority=authority,
                        treasury_owner=authority,
                    )
                    for number, instructions in enumerate(batches):
                        await submit.submit(f"deploy {number}", instructions)
                pool = await gateway.fetch(staking.Pool, staking.pool_address())
                market = await gateway.fetch(job_registry.Market, job_registry.market_address())
                terms = await gateway.fetch(staking.Terms, staking.terms_address(FIRST_TERMS))
                assert pool is not None
                assert market is not None
                assert terms is not None
                assert pool.params == LOCALNET_PARAMETERS.staking
                assert terms.parameters == LOCALNET_PARAMETERS
                assert terms.state == staking.TermsState.CURRENT
                shards = await gateway.program_accounts(job_registry.UtilisationShard)
                assert sorted(shard.shard for _, shard in shards) == list(range(16))

    asyncio.run(deploy())
