"""A validator prepared through its RPC: mint, programs, funds."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from spl.token.instructions import (
    InitializeMintParams,
    MintToParams,
    create_idempotent_associated_token_account,
    initialize_mint,
    mint_to,
)

from keeper.chain.deploy import deploy_instructions
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS, localnet_mint
from keeper.lab.market.venue import Funds, standing_slot
from keeper.node.services import Services
from neurolov_client import DEPLOYER, TOKEN_PROGRAM, associated_token_address

POLL_SECONDS = 0.5
MINT_BYTES = 82
DECIMALS = 9


@dataclass(frozen=True, slots=True)
class ValidatorVenue:
    """A validator whose deployer has funds and whose programs are loaded but not initialised."""

    url: str

    @property
    def gateway(self) -> Gateway:
        """Returns a gateway to the validator's URL."""
        return Gateway(self.url)

    async def prepare(self, services: Services, funds: Mapping[Pubkey, Funds]) -> None:
        """Prepares the chain; the deployer signs and pays everything."""
        submitter = services.submitter(localnet_keypair("deployer"))
        await self._create_mint(services.gateway, submitter)
        batches = deploy_instructions(
            parameters=LOCALNET_PARAMETERS,
            checkpoint_slots=CHECKPOINT_SLOTS,
            mint=localnet_mint().address,
            authority=localnet_keypair("authority").pubkey(),
            treasury_owner=localnet_keypair("treasury").pubkey(),
        )
        for number, instructions in enumerate(batches):
            await submitter.submit(f"deploy/{number}", instructions)
        for address, each in funds.items():
            await self._fund(submitter, address, each)

    async def stand(self, services: Services) -> None:
        """Waits until all present stake counts; a validator's slots cannot be skipped."""
        slot = await services.gateway.slot()
        until = standing_slot(slot)
        while slot < until:
            await asyncio.sleep(POLL_SECONDS)
            slot = await services.gateway.slot()

    async def _create_mint(self, gateway: Gateway, submitter: Submitter) -> None:
        mint, authority = localnet_keypair("mint"), localnet_keypair("mint authority")
        rent = await gateway.rent_exempt_minimum(MINT_BYTES)
        creation = CreateAccountParams(
            from_pubkey=DEPLOYER,
            to_pubkey=mint.pubkey(),
            lamports=rent,
            space=MINT_BYTES,
            owner=TOKEN_PROGRAM,
        )
        parameters = InitializeMintParams(
            DECIMALS, TOKEN_PROGRAM, mint.pubkey(), authority.pubkey(), None
        )
        await submitter.submit(
            "mint", [create_account(creation), initialize_mint(parameters)], signers=[mint]
        )

    async def _fund(self, submitter: Submitter, address: Pubkey, funds: Funds) -> None:
        mint, authority = localnet_mint().address, localnet_keypair("mint authority")
        account = associated_token_address(address, mint)
        giving = MintToParams(TOKEN_PROGRAM, mint, account, authority.pubkey(), funds.tokens)
        await submitter.submit(
            f"fund/{address}",
            [
                transfer(
                    TransferParams(from_pubkey=DEPLOYER, to_pubkey=address, lamports=funds.lamports)
                ),
                create_idempotent_associated_token_account(DEPLOYER, address, mint),
                mint_to(giving),
            ],
            signers=[authority],
        )
