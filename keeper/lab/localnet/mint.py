"""The $NLOV mint of a localnet, and the faucet that mints it."""

from dataclasses import dataclass

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from spl.token.constants import MINT_LEN, TOKEN_PROGRAM_ID
from spl.token.instructions import (
    InitializeMintParams,
    MintToParams,
    create_idempotent_associated_token_account,
    get_associated_token_address,
    initialize_mint,
    mint_to,
)

from .bank import Bank
from .ledger import TransactionRecord

NLOV_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class TokenMint:
    """A legacy SPL mint: its address is that of `keypair`, and `authority` mints."""

    keypair: Keypair
    authority: Keypair
    decimals: int = NLOV_DECIMALS

    @property
    def address(self) -> Pubkey:
        """Returns the mint's address."""
        return self.keypair.pubkey()

    def create(self, bank: Bank) -> TransactionRecord:
        """Create the mint on `bank`, without a freeze authority and with no supply."""
        space = MINT_LEN
        return bank.execute_as_faucet(
            [
                create_account(
                    CreateAccountParams(
                        from_pubkey=bank.faucet.pubkey(),
                        to_pubkey=self.address,
                        lamports=bank.rent_exempt_minimum(space),
                        space=space,
                        owner=TOKEN_PROGRAM_ID,
                    )
                ),
                initialize_mint(
                    InitializeMintParams(
                        decimals=self.decimals,
                        program_id=TOKEN_PROGRAM_ID,
                        mint=self.address,
                        mint_authority=self.authority.pubkey(),
                    )
                ),
            ],
            [self.keypair],
        )

    def token_account(self, owner: Pubkey) -> Pubkey:
        """Returns the associated token account of `owner`."""
        return get_associated_token_address(owner, self.address)

    def mint_to(self, bank: Bank, owner: Pubkey, amount: int) -> TransactionRecord:
        """Mint `amount` base units to `owner`'s associated token account, creating it first."""
        account = self.token_account(owner)
        return bank.execute_as_faucet(
            [
                create_idempotent_associated_token_account(
                    bank.faucet.pubkey(), owner, self.address
                ),
                mint_to(
                    MintToParams(
                        program_id=TOKEN_PROGRAM_ID,
                        mint=self.address,
                        dest=account,
                        mint_authority=self.authority.pubkey(),
                        amount=amount,
                    )
                ),
            ],
            [self.authority],
        )
