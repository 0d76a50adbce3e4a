"""Instructions and sysvars in the words of `jsonParsed`."""

import pytest
from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import (
    CreateAccountWithSeedParams,
    TransferWithSeedParams,
    create_account_with_seed,
    transfer_with_seed,
)
from spl.memo.constants import MEMO_PROGRAM_ID
from spl.token.constants import TOKEN_PROGRAM_ID
from spl.token.instructions import (
    AuthorityType,
    BurnParams,
    CloseAccountParams,
    InitializeMultisigParams,
    SetAuthorityParams,
    TransferParams,
    burn,
    close_account,
    initialize_multisig,
    set_authority,
    transfer,
)

from keeper.lab.localnet.parsed import memos, parse_instruction

from .conftest import keypair

ONE, TWO, THREE, FOUR = (keypair(number).pubkey() for number in (31, 32, 33, 34))


def parsed(instruction: Instruction) -> object:
    accounts = [str(meta.pubkey) for meta in instruction.accounts]
    found = parse_instruction(instruction.program_id, accounts, instruction.data)
    return None if found is None else found["parsed"]


def test_authority_of_one_key() -> None:
    moved = transfer(TransferParams(TOKEN_PROGRAM_ID, ONE, TWO, THREE, 7))
    assert parsed(moved) == {
        "type": "transfer",
        "info": {
            "source": str(ONE),
            "destination": str(TWO),
            "authority": str(THREE),
            "amount": "7",
        },
    }


def test_authority_of_a_multisig() -> None:
    burned = burn(BurnParams(TOKEN_PROGRAM_ID, ONE, TWO, THREE, 7, [FOUR]))
    assert parsed(burned) == {
        "type": "burn",
        "info": {
            "account": str(ONE),
            "mint": str(TWO),
            "multisigAuthority": str(THREE),
            "signers": [str(FOUR)],
            "amount": "7",
        },
    }


@pytest.mark.parametrize(
    ("authority", "kind", "owned"),
    [
        (AuthorityType.MINT_TOKENS, "mintTokens", "mint"),
        (AuthorityType.CLOSE_ACCOUNT, "closeAccount", "account"),
    ],
)
@pytest.mark.parametrize("new", [FOUR, None])
def test_new_authority(authority: AuthorityType, kind: str, owned: str, new: Pubkey | None) -> None:
    given = SetAuthorityParams(TOKEN_PROGRAM_ID, ONE, authority, TWO, new_authority=new)
    assert parsed(set_authority(given)) == {
        "type": "setAuthority",
        "info": {
            owned: str(ONE),
            "authority": str(TWO),
            "authorityType": kind,
            "newAuthority": None if new is None else str(new),
        },
    }


def test_multisig_and_end() -> None:
    made = initialize_multisig(InitializeMultisigParams(TOKEN_PROGRAM_ID, ONE, 2, [TWO, THREE]))
    rent = "SysvarRent111111111111111111111111111111111"
    signers = [str(TWO), str(THREE)]
    assert parsed(made) == {
        "type": "initializeMultisig",
        "info": {"multisig": str(ONE), "rentSysvar": rent, "m": 2, "signers": signers},
    }
    closed = close_account(CloseAccountParams(TOKEN_PROGRAM_ID, ONE, TWO, THREE))
    assert parsed(closed) == {
        "type": "closeAccount",
        "info": {"account": str(ONE), "destination": str(TWO), "owner": str(THREE)},
    }


def test_seeds_of_the_system_program() -> None:
    created = create_account_with_seed(
        CreateAccountWithSeedParams(
            from_pubkey=ONE, to_pubkey=TWO, base=ONE, seed="né", lamports=5, space=6, owner=THREE
        )
    )
    assert parsed(created) == {
        "type": "createAccountWithSeed",
        "info": {
            "source": str(ONE),
            "newAccount": str(TWO),
            "base": str(ONE),
            "seed": "né",
            "lamports": 5,
            "space": 6,
            "owner": str(THREE),
        },
    }
    moved = transfer_with_seed(
        TransferWithSeedParams(
            from_pubkey=ONE,
            from_base=TWO,
            from_seed="s",
            from_owner=THREE,
            to_pubkey=FOUR,
            lamports=9,
        )
    )
    assert parsed(moved) == {
        "type": "transferWithSeed",
        "info": {
            "source": str(ONE),
            "sourceBase": str(TWO),
            "destination": str(FOUR),
            "lamports": 9,
            "sourceSeed": "s",
            "sourceOwner": str(THREE),
        },
    }


def test_lookup_table_is_extended_with_or_without_a_payer() -> None:
    data = (2).to_bytes(4, "little") + (1).to_bytes(8, "little") + bytes(FOUR)
    info = {
        "lookupTableAccount": str(ONE),
        "lookupTableAuthority": str(TWO),
        "newAddresses": [str(FOUR)],
    }
    accounts = [str(ONE), str(TWO)]
    found = parse_instruction(LOOKUP_TABLE_PROGRAM, accounts, data)
    assert found == {
        "program": "address-lookup-table",
        "parsed": {"type": "extendLookupTable", "info": info},
    }
    paid = parse_instruction(LOOKUP_TABLE_PROGRAM, [*accounts, str(THREE), "1" * 32], data)
    payer = {"payerAccount": str(THREE), "systemProgram": "1" * 32}
    assert paid is not None
    assert paid["parsed"] == {"type": "extendLookupTable", "info": {**info, **payer}}


@pytest.mark.parametrize(
    ("program", "accounts", "data"),
    [
        (keypair(50).pubkey(), [], b""),
        (TOKEN_PROGRAM_ID, [], b""),
        (TOKEN_PROGRAM_ID, ["a", "b", "c"], b"\xff"),
        (TOKEN_PROGRAM_ID, ["a", "b", "c"], b"\x03\x01"),
        (TOKEN_PROGRAM_ID, ["a", "b"], b"\x03" + bytes(8)),
        (TOKEN_PROGRAM_ID, ["a", "b"], b"\x06\x09\x00"),
        (Pubkey.default(), ["a", "b"], b"\x02\x00"),
        (MEMO_PROGRAM_ID, [], b"\xff\xfe"),
    ],
)
def test_what_is_not_understood_stays_unparsed(
    program: Pubkey, accounts: list[str], data: bytes
) -> None:
    assert parse_instruction(program, accounts, data) is None


def test_memos_of_a_transaction() -> None:
    assert memos([]) is None
    assert memos([(TOKEN_PROGRAM_ID, b"x")]) is None
    told = memos([(MEMO_PROGRAM_ID, b"one"), (TOKEN_PROGRAM_ID, b"x"), (MEMO_PROGRAM_ID, b"two")])
    assert told == "[3] one; [3] two"
