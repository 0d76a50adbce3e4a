"""Instructions of the SPL token program, by their first byte."""

from collections.abc import Mapping

from ..ledger import Json
from ..spl_token import ui_amount
from .cursor import Cursor
from .layout import Field, Layout

_AUTHORITIES = ("mintTokens", "freezeAccount", "accountOwner", "closeAccount")
_SET_AUTHORITY = 6
_EXTENSIONS = (
    "uninitialized",
    "transferFeeConfig",
    "transferFeeAmount",
    "mintCloseAuthority",
    "confidentialTransferMint",
    "confidentialTransferAccount",
    "defaultAccountState",
    "immutableOwner",
    "memoTransfer",
    "nonTransferable",
)


def _amount(data: Cursor) -> Json:
    return str(data.u64())


def _checked(data: Cursor) -> Json:
    return ui_amount(data.u64(), data.u8())


def _extensions(data: Cursor) -> Json:
    kinds = data.rest()
    if not kinds:
        return None
    numbers = Cursor(kinds)
    found = [numbers.u16() for _ in range(len(kinds) // 2)]
    if any(number >= len(_EXTENSIONS) for number in found):
        raise ValueError("an extension that is not known here")
    return [_EXTENSIONS[number] for number in found]


_AMOUNT: Field = ("amount", _amount)
_CHECKED: Field = ("tokenAmount", _checked)
_OWNER: Field = ("owner", Cursor.key)
_SIGNERS: Field = ("m", Cursor.u8)
_MINT: tuple[Field, ...] = (
    ("decimals", Cursor.u8),
    ("mintAuthority", Cursor.key),
    ("freezeAuthority", Cursor.optional_key),
)

_LAYOUTS: Mapping[int, Layout] = {
    0: Layout("initializeMint", ("mint", "rentSysvar"), _MINT, optional=("freezeAuthority",)),
    1: Layout("initializeAccount", ("account", "mint", "owner", "rentSysvar")),
    2: Layout("initializeMultisig", ("multisig", "rentSysvar"), (_SIGNERS,), remainder="signers"),
    3: Layout("transfer", ("source", "destination"), (_AMOUNT,), "authority"),
    4: Layout("approve", ("source", "delegate"), (_AMOUNT,), "owner"),
    5: Layout("revoke", ("source",), (), "owner"),
    7: Layout("mintTo", ("mint", "account"), (_AMOUNT,), "mintAuthority"),
    8: Layout("burn", ("account", "mint"), (_AMOUNT,), "authority"),
    9: Layout("closeAccount", ("account", "destination"), (), "owner"),
    10: Layout("freezeAccount", ("account", "mint"), (), "freezeAuthority"),
    11: Layout("thawAccount", ("account", "mint"), (), "freezeAuthority"),
    12: Layout("transferChecked", ("source", "mint", "destination"), (_CHECKED,), "authority"),
    13: Layout("approveChecked", ("source", "mint", "delegate"), (_CHECKED,), "owner"),
    14: Layout("mintToChecked", ("mint", "account"), (_CHECKED,), "mintAuthority"),
    15: Layout("burnChecked", ("account", "mint"), (_CHECKED,), "authority"),
    16: Layout("initializeAccount2", ("account", "mint", "rentSysvar"), (_OWNER,)),
    17: Layout("syncNative", ("account",)),
    18: Layout("initializeAccount3", ("account", "mint"), (_OWNER,)),
    19: Layout("initializeMultisig2", ("multisig",), (_SIGNERS,), remainder="signers"),
    20: Layout("initializeMint2", ("mint",), _MINT, optional=("freezeAuthority",)),
    21: Layout(
        "getAccountDataSize",
        ("mint",),
        (("extensionTypes", _extensions),),
        optional=("extensionTypes",),
    ),
    22: Layout("initializeImmutableOwner", ("account",)),
    23: Layout("amountToUiAmount", ("mint",), (_AMOUNT,)),
    24: Layout("uiAmountToAmount", ("mint",), (("uiAmount", lambda data: data.rest().decode()),)),
}


def token_layout(data: Cursor) -> Layout | None:
    """Returns the layout of the instruction, None if it is not known here."""
    tag = data.u8()
    return _set_authority(data) if tag == _SET_AUTHORITY else _LAYOUTS.get(tag)


def _set_authority(data: Cursor) -> Layout | None:
    number = data.u8()
    if number >= len(_AUTHORITIES):
        return None
    kind = _AUTHORITIES[number]
    owned = "mint" if kind in ("mintTokens", "freezeAccount") else "account"
    fields: tuple[Field, ...] = (
        ("authorityType", lambda _: kind),
        ("newAuthority", Cursor.optional_key),
    )
    return Layout("setAuthority", (owned,), fields, "authority")
