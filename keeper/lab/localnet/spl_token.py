"""SPL Token account layouts, of the base program and of Token-2022.

Source: spl-token `state.rs` (`Account::pack_into_slice`, `Mint::pack_into_slice`).
"""

import struct
from dataclasses import dataclass
from decimal import Decimal

from solders.account import Account
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID

TOKEN_PROGRAMS = (TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID)

_ACCOUNT = struct.Struct("<32s32sQI32sBIQQI32s")
_MINT = struct.Struct("<I32sQBBI32s")
_STATES = ("uninitialized", "initialized", "frozen")

# Token-2022 pads mints to the size of an account and writes the type after it.
_TYPE_OFFSET = _ACCOUNT.size
_TYPE_MINT = 1
_TYPE_ACCOUNT = 2


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """A token account; amounts in base units."""

    program: Pubkey
    mint: Pubkey
    owner: Pubkey
    amount: int
    delegate: Pubkey | None
    delegated_amount: int
    state: str
    native_reserve: int | None
    close_authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class Mint:
    """A token mint; supply in base units."""

    program: Pubkey
    authority: Pubkey | None
    supply: int
    decimals: int
    initialized: bool
    freeze_authority: Pubkey | None


def _optional_key(tag: int, key: bytes) -> Pubkey | None:
    return Pubkey.from_bytes(key) if tag else None


def read_token_account(account: Account | None) -> TokenAccount | None:
    """Returns the initialised token account in `account`, or None if it is none."""
    if account is None or account.owner not in TOKEN_PROGRAMS:
        return None
    data = account.data
    if len(data) < _ACCOUNT.size:
        return None
    if len(data) > _ACCOUNT.size and data[_TYPE_OFFSET] != _TYPE_ACCOUNT:
        return None
    (mint, owner, amount, has_delegate, delegate, state, is_native, reserve, delegated, has_close,
     close) = _ACCOUNT.unpack_from(data)  # fmt: skip
    if not 0 < state < len(_STATES):
        return None
    return TokenAccount(
        program=account.owner,
        mint=Pubkey.from_bytes(mint),
        owner=Pubkey.from_bytes(owner),
        amount=amount,
        delegate=_optional_key(has_delegate, delegate),
        delegated_amount=delegated,
        state=_STATES[state],
        native_reserve=reserve if is_native else None,
        close_authority=_optional_key(has_close, close),
    )


def read_mint(account: Account | None) -> Mint | None:
    """Returns the initialised mint in `account`, or None if it is none."""
    if account is None or account.owner not in TOKEN_PROGRAMS:
        return None
    data = account.data
    if len(data) != _MINT.size and not (
        len(data) > _TYPE_OFFSET and data[_TYPE_OFFSET] == _TYPE_MINT
    ):
        return None
    has_authority, authority, supply, decimals, initialized, has_freeze, freeze = _MINT.unpack_from(
        data
    )
    if not initialized:
        return None
    return Mint(
        program=account.owner,
        authority=_optional_key(has_authority, authority),
        supply=supply,
        decimals=decimals,
        initialized=True,
        freeze_authority=_optional_key(has_freeze, freeze),
    )


def ui_amount(amount: int, decimals: int) -> dict[str, int | float | str]:
    """Returns the RPC's `UiTokenAmount` of `amount` base units."""
    exact = Decimal(amount).scaleb(-decimals)
    text = f"{exact:f}"
    return {
        "amount": str(amount),
        "decimals": decimals,
        "uiAmount": float(exact),
        "uiAmountString": text.rstrip("0").rstrip(".") if "." in text else text,
    }
