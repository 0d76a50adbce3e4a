"""Data of token accounts, mints and sysvars."""

from collections.abc import Callable, Mapping

from solders.account import Account
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_PROGRAM_ID

from ..ledger import Json
from ..spl_token import Mint, TokenAccount, read_mint, read_token_account, ui_amount
from .cursor import Cursor

Reader = Callable[[Pubkey], Account | None]

_SYSVAR_OWNER = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")


def parse_account(pubkey: Pubkey, account: Account, read: Reader) -> Json:
    """Returns the parsed data of `account`, None where its program is not known here.

    `read` returns other accounts: how a token account is shown depends on its mint.
    """
    found = _token(account, read) or _sysvar(pubkey, account)
    if found is None:
        return None
    program, kind, info = found
    return {
        "program": program,
        "parsed": {"info": info, "type": kind},
        "space": len(account.data),
    }


def _token(account: Account, read: Reader) -> tuple[str, str, Json] | None:
    program = "spl-token" if account.owner == TOKEN_PROGRAM_ID else "spl-token-2022"
    token = read_token_account(account)
    if token is not None:
        mint = read_mint(read(token.mint))
        return None if mint is None else (program, "account", _token_info(token, mint))
    own = read_mint(account)
    return None if own is None else (program, "mint", _mint_info(own))


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


def _sysvar(pubkey: Pubkey, account: Account) -> tuple[str, str, Json] | None:
    known = _SYSVARS.get(str(pubkey))
    if account.owner != _SYSVAR_OWNER or known is None:
        return None
    kind, read = known
    try:
        return "sysvar", kind, read(Cursor(account.data))
    except ValueError:
        return None


def _clock(data: Cursor) -> Json:
    return {
        "slot": data.u64(),
        "epochStartTimestamp": data.i64(),
        "epoch": data.u64(),
        "leaderScheduleEpoch": data.u64(),
        "unixTimestamp": data.i64(),
    }


def _epoch_schedule(data: Cursor) -> Json:
    return {
        "slotsPerEpoch": data.u64(),
        "leaderScheduleSlotOffset": data.u64(),
        "warmup": bool(data.u8()),
        "firstNormalEpoch": data.u64(),
        "firstNormalSlot": data.u64(),
    }


def _rent(data: Cursor) -> Json:
    return {
        "lamportsPerByteYear": str(data.u64()),
        "exemptionThreshold": data.f64(),
        "burnPercent": data.u8(),
    }


def _slot_hashes(data: Cursor) -> Json:
    return [{"slot": data.u64(), "hash": data.key()} for _ in range(data.u64())]


_SYSVARS: Mapping[str, tuple[str, Callable[[Cursor], Json]]] = {
    "SysvarC1ock11111111111111111111111111111111": ("clock", _clock),
    "SysvarEpochSchedu1e111111111111111111111111": ("epochSchedule", _epoch_schedule),
    "SysvarRent111111111111111111111111111111111": ("rent", _rent),
    "SysvarS1otHashes111111111111111111111111111": ("slotHashes", _slot_hashes),
}
