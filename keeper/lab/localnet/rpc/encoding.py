"""Accounts as the RPC encodes them."""

from collections.abc import Callable
from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from ..ledger import Json
from ..parsed import parse_account
from .binary import base58, base64_text, zstd_frame
from .errors import INVALID_REQUEST, RpcError
from .params import Config

ACCOUNT_ENCODINGS = ("binary", "base58", "base64", "jsonParsed", "base64+zstd")

# Agave refuses to encode more, base58 being quadratic.
_MAX_BASE58_BYTES = 128

AccountReader = Callable[[Pubkey], Account | None]


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
            else (section.required_integer("offset"), section.required_integer("length")),
        )

    def encode(self, pubkey: Pubkey, account: Account | None, read: AccountReader) -> Json:
        """Returns `account` as the RPC shows it, null if there is none."""
        if account is None:
            return None
        return {
            "data": self._data(pubkey, account, read),
            "executable": account.executable,
            "lamports": account.lamports,
            "owner": str(account.owner),
            "rentEpoch": account.rent_epoch,
            "space": len(account.data),
        }

    def _data(self, pubkey: Pubkey, account: Account, read: AccountReader) -> Json:
        if self.encoding == "jsonParsed":
            parsed = parse_account(pubkey, account, read)
            if parsed is not None:
                return parsed
        data = account.data
        if self.data_slice is not None:
            offset, length = self.data_slice
            data = data[offset : offset + length]
        return self.encode_data(data)

    def encode_data(self, data: bytes) -> Json:
        """Returns `data` in this encoding, in base64 where it would be parsed."""
        if self.encoding in ("base64", "jsonParsed"):
            return [base64_text(data), "base64"]
        if self.encoding == "base64+zstd":
            return [base64_text(zstd_frame(data)), self.encoding]
        if len(data) > _MAX_BASE58_BYTES:
            raise RpcError(
                INVALID_REQUEST,
                "Encoded binary (base 58) data should be less than 128 bytes,"
                " please use Base64 encoding.",
            )
        return base58(data) if self.encoding == "binary" else [base58(data), "base58"]
