"""Accounts and binary data as the RPC encodes them."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

import based58
from solders.account import Account
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID

from ..ledger import Json
from ..spl_token import Mint, TokenAccount, read_mint, read_token_account, ui_amount
from .errors import INVALID_REQUEST, RpcError, invalid_params
from .params import Config, as_integer

ACCOUNT_ENCODINGS = ("binary", "base58", "base64", "jsonParsed")

# Agave refuses to encode more, base58 being quadratic.
_MAX_BASE58_BYTES = 128

AccountReader = Callable[[Pubkey], Account | None]


def base58(data: bytes) -> str:
    """Returns `data` in base58."""
    return based58.b58encode(data).decode()


def from_base58(text: str) -> bytes:
    """Returns the bytes of base58 `text`. Raises ValueError."""
    return based58.b58decode(text.encode())


def base64_text(data: bytes) -> str:
    """Returns `data` in base64."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Returns the bytes of base64 `text`. Raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


@dataclass(frozen=True, slots=True)
class AccountView:
    """How a caller wants accounts: encoding, and a slice (offset, length) of the data."""

    encoding: str
    data_slice: tuple[int, int] | None

    @classmethod
    def of(cls, config: Config) -> "AccountView":
        """Returns the view that `config` asks for."""
        section = config.section("dataSlice")
        return cls(
            encoding=config.choice("encoding", ACCOUNT_ENCODINGS, "binary"),
            data_slice=None
            if section is None
            else (
                as_integer(section.get("offset"), "dataSlice.offset"),
                as_integer(section.get("length"), "dataSlice.length"),
            ),
        )

    def encode(self, account: Account | None, read: AccountReader) -> Json:
        """Returns `account` as the RPC shows it, null if there is none."""
        if account is None:
            return None
        return {
            "data": self._data(account, read),
            "executable": account.executable,
            "lamports": account.lamports,
            "owner": str(account.owner),
            "rentEpoch": account.rent_epoch,
            "space": len(account.data),
        }

    def _data(self, account: Account, read: AccountReader) -> Json:
        if self.encoding == "jsonParsed":
            parsed = parse_token_data(account, read)
            if parsed is not None:
                return parsed
        data = account.data
        if self.data_slice is not None:
            offset, length = self.data_slice
            data = data[offset : offset + length]
        if self.encoding in ("base64", "jsonParsed"):
            return [base64_text(data), "base64"]
        if len(data) > _MAX_BASE58_BYTES:
            raise RpcError(
                INVALID_REQUEST,
                "Encoded binary (base 58) data should be less than 128 bytes,"
                " please use Base64 encoding.",
            )
        return base58(data) if self.encoding == "binary" else [base58(data), "base58"]


def parse_token_data(account: Account, read: AccountReader) -> Json:
    """Data of a token account or mint as `jsonParsed` shows it, None for other accounts."""
    token = read_token_account(account)
    if token is not None:
        mint = read_mint(read(token.mint))
        info = None if mint is None else _token_info(token, mint)
        kind = "account"
    else:
        own = read_mint(account)
        info = None if own is None else _mint_info(own)
        kind = "mint"
    if info is None:
        return None
    program = "spl-token" if account.owner == TOKEN_PROGRAM_ID else "spl-token-2022"
    return {
        "program": program,
        "parsed": {"info": info, "type": kind},
        "space": len(account.data),
    }


def _token_info(token: TokenAccount, mint: Mint) -> dict[str, Json]:
    info: dict[str, Json] = {
        "isNative": token.native_reserve is not None,
        "mint": str(token.mint),
        "owner": str(token.owner),
        "state": token.state,
        "tokenAmount": ui_amount(token.amount, mint.decimals),
    }
    if token.delegate is not None:
        info["delegate"] = str(token.delegate)
        info["delegatedAmount"] = ui_amount(token.delegated_amount, mint.decimals)
    if token.native_reserve is not None:
        info["rentExemptReserve"] = ui_amount(token.native_reserve, mint.decimals)
    if token.close_authority is not None:
        info["closeAuthority"] = str(token.close_authority)
    return info


def _mint_info(mint: Mint) -> dict[str, Json]:
    return {
        "decimals": mint.decimals,
        "freezeAuthority": None if mint.freeze_authority is None else str(mint.freeze_authority),
        "isInitialized": mint.initialized,
        "mintAuthority": None if mint.authority is None else str(mint.authority),
        "supply": str(mint.supply),
    }


def decode_bytes(text: str, encoding: str, name: str) -> bytes:
    """Returns the bytes of `text` in base58 or base64. Raises RpcError."""
    try:
        return from_base58(text) if encoding == "base58" else from_base64(text)
    except ValueError as error:
        raise invalid_params(f"invalid {encoding} encoding: {name}: {error}") from error
