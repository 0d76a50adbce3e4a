from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair

from keeper.lab.localnet import Bank, TokenMint
from keeper.lab.localnet.spl_token import read_mint, read_token_account, ui_amount

from .conftest import keypair


def test_mint_has_nine_decimals_and_its_authority(bank: Bank, mint: TokenMint) -> None:
    created = read_mint(bank.account(mint.address))
    assert created is not None
    assert (created.decimals, created.supply) == (9, 0)
    assert created.authority == keypair(3).pubkey()
    assert created.freeze_authority is None


def test_minting_creates_the_associated_account_and_adds_up(bank: Bank, mint: TokenMint) -> None:
    owner = keypair(9).pubkey()
    record = mint.mint_to(bank, owner, 40)
    assert record.ok
    assert mint.mint_to(bank, owner, 2).ok
    token = read_token_account(bank.account(mint.token_account(owner)))
    assert token is not None
    assert (token.amount, token.owner, token.mint) == (42, owner, mint.address)
    supply = read_mint(bank.account(mint.address))
    assert supply is not None
    assert supply.supply == 42
    assert record.pre_token_balances == ()
    assert [one.amount for one in record.post_token_balances] == [40]


def test_another_authority_cannot_mint(bank: Bank, mint: TokenMint) -> None:
    owner = keypair(9).pubkey()
    thief = TokenMint(mint.keypair, Keypair.from_seed(b"t" * 32))
    record = thief.mint_to(bank, owner, 1)
    assert record.err == {"InstructionError": [2, {"Custom": 4}]}
    assert bank.account(mint.token_account(owner)) is None


def test_mint_cannot_be_created_twice(bank: Bank, mint: TokenMint) -> None:
    before = bank.account(mint.address)
    assert mint.create(bank).err == {"InstructionError": [1, {"Custom": 0}]}
    assert bank.account(mint.address) == before


@given(amount=st.integers(0, 2**64 - 1), decimals=st.integers(0, 20))
def test_ui_amount_is_exact(amount: int, decimals: int) -> None:
    shown = ui_amount(amount, decimals)
    assert (shown["amount"], shown["decimals"]) == (str(amount), decimals)
    assert Decimal(str(shown["uiAmountString"])) * 10**decimals == amount


def test_ui_amount_has_no_trailing_zeros() -> None:
    texts = [ui_amount(amount, 9)["uiAmountString"] for amount in (1_500_000_000, 0, 10**10)]
    assert texts == ["1.5", "0", "10"]
    assert ui_amount(100, 0)["uiAmountString"] == "100"
