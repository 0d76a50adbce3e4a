"""Instructions of the programs that ordinary transactions call."""

from collections.abc import Callable, Mapping, Sequence

from solders.pubkey import Pubkey
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.token.constants import (
    ASSOCIATED_TOKEN_PROGRAM_ID,
    TOKEN_2022_PROGRAM_ID,
    TOKEN_PROGRAM_ID,
)

from ..ledger import Json
from .cursor import Cursor
from .layout import Field, Layout
from .token import token_layout

_MEMO_PROGRAMS = (
    MEMO_PROGRAM_ID,
    Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"),
)

_LAMPORTS: Field = ("lamports", Cursor.u64)
_SPACE: Field = ("space", Cursor.u64)
_OWNER: Field = ("owner", Cursor.key)
_SEEDED: tuple[Field, ...] = (("base", Cursor.key), ("seed", Cursor.text))
_BLOCKHASHES = "recentBlockhashesSysvar"

_SYSTEM: Mapping[int, Layout] = {
    0: Layout("createAccount", ("source", "newAccount"), (_LAMPORTS, _SPACE, _OWNER)),
    1: Layout("assign", ("account",), (_OWNER,)),
    2: Layout("transfer", ("source", "destination"), (_LAMPORTS,)),
    3: Layout(
        "createAccountWithSeed",
        ("source", "newAccount"),
        (*_SEEDED, _LAMPORTS, _SPACE, _OWNER),
    ),
    4: Layout("advanceNonce", ("nonceAccount", _BLOCKHASHES, "nonceAuthority")),
    5: Layout(
        "withdrawFromNonce",
        ("nonceAccount", "destination", _BLOCKHASHES, "rentSysvar", "nonceAuthority"),
        (_LAMPORTS,),
    ),
    6: Layout(
        "initializeNonce",
        ("nonceAccount", _BLOCKHASHES, "rentSysvar"),
        (("nonceAuthority", Cursor.key),),
    ),
    7: Layout(
        "authorizeNonce", ("nonceAccount", "nonceAuthority"), (("newAuthorized", Cursor.key),)
    ),
    8: Layout("allocate", ("account",), (_SPACE,)),
    9: Layout("allocateWithSeed", ("account",), (*_SEEDED, _SPACE, _OWNER)),
    10: Layout("assignWithSeed", ("account",), (*_SEEDED, _OWNER)),
    11: Layout(
        "transferWithSeed",
        ("source", "sourceBase", "destination"),
        (_LAMPORTS, ("sourceSeed", Cursor.text), ("sourceOwner", Cursor.key)),
    ),
    12: Layout("upgradeNonce", ("nonceAccount",)),
}

_CREATED = ("source", "account", "wallet", "mint", "systemProgram", "tokenProgram")
_ASSOCIATED_TOKEN: Mapping[int, Layout] = {
    0: Layout("create", _CREATED),
    1: Layout("createIdempotent", _CREATED),
    2: Layout(
        "recoverNested",
        (
            "nestedSource",
            "nestedMint",
            "destination",
            "nestedOwner",
            "ownerMint",
            "wallet",
            "tokenProgram",
        ),
    ),
}


def _addresses(data: Cursor) -> Json:
    return [data.key() for _ in range(data.u64())]


_TABLE = ("lookupTableAccount", "lookupTableAuthority")
_PAID = ("payerAccount", "systemProgram")
_LOOKUP_TABLE: Mapping[int, Layout] = {
    0: Layout(
        "createLookupTable",
        (*_TABLE, *_PAID),
        (("recentSlot", Cursor.u64), ("bumpSeed", Cursor.u8)),
    ),
    1: Layout("freezeLookupTable", _TABLE),
    2: Layout("extendLookupTable", _TABLE, (("newAddresses", _addresses),), extra=_PAID),
    3: Layout("deactivateLookupTable", _TABLE),
    4: Layout("closeLookupTable", (*_TABLE, "recipient")),
}


def _system(data: Cursor) -> Layout | None:
    return _SYSTEM.get(data.u32())


def _associated_token(data: Cursor) -> Layout | None:
    tag = data.rest()
    return _ASSOCIATED_TOKEN.get(tag[0] if tag else 0)


def _lookup_table(data: Cursor) -> Layout | None:
    return _LOOKUP_TABLE.get(data.u32())


_PROGRAMS: Mapping[Pubkey, tuple[str, Callable[[Cursor], Layout | None]]] = {
    Pubkey.from_string("11111111111111111111111111111111"): ("system", _system),
    Pubkey.from_string("AddressLookupTab1e1111111111111111111111111"): (
        "address-lookup-table",
        _lookup_table,
    ),
    ASSOCIATED_TOKEN_PROGRAM_ID: ("spl-associated-token-account", _associated_token),
    TOKEN_2022_PROGRAM_ID: ("spl-token", token_layout),
    TOKEN_PROGRAM_ID: ("spl-token", token_layout),
}


def parse_instruction(
    program_id: Pubkey, accounts: Sequence[str], data: bytes
) -> dict[str, Json] | None:
    """Returns `program` and `parsed` of an instruction, None where they are not known here."""
    try:
        if program_id in _MEMO_PROGRAMS:
            return {"program": "spl-memo", "parsed": data.decode()}
        if program_id not in _PROGRAMS:
            return None
        name, layout_of = _PROGRAMS[program_id]
        fields = Cursor(data)
        layout = layout_of(fields)
        if layout is None:
            return None
        info = layout.info(accounts, fields)
    except ValueError:
        return None
    return {"program": name, "parsed": {"info": info, "type": layout.kind}}


def memos(instructions: Sequence[tuple[Pubkey, bytes]]) -> str | None:
    """Returns the memos of a transaction as signature lists show them, None if there are none."""
    texts = [
        f"[{len(data)}] {data.decode(errors='replace')}"
        for program_id, data in instructions
        if program_id in _MEMO_PROGRAMS
    ]
    return "; ".join(texts) if texts else None
