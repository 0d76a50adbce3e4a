"""Bindings rendered from the sample IDL: bytes written here by hand, in Borsh and repr(C)."""

import hashlib
import struct
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from neurolov_client.addresses import PROGRAM_IDS, SYSTEM_PROGRAM, TOKEN_PROGRAM
from neurolov_client.coder import (
    AccountDataError,
    ShortDataError,
    WrongDiscriminatorError,
    WrongOwnerError,
)

OWNER = Pubkey(bytes(range(32)))
SOURCE = Pubkey(bytes([7] * 32))
STAKING = PROGRAM_IDS["staking"]


def position_bytes() -> bytes:
    terms = struct.pack("<Q32sB", 5, bytes(OWNER), 1)
    return (
        hashlib.sha256(b"account:Position").digest()[:8]
        + bytes(OWNER)
        + struct.pack("<Q", 9)
        + (2**100).to_bytes(16, "little")
        + terms * 2
        + b"\x01"
        + struct.pack("<HB", 300, 254)
    )


def tree_bytes() -> bytes:
    part = bytes(OWNER) + struct.pack("<QB7x", 77, 1)
    return (
        bytes([9] * 8)
        + struct.pack("<16Q", *range(16))
        + bytes([1] * 32 + [2] * 31 + [0] + [3] * 32)
        + struct.pack("<8I", *range(8))
        + part * 2
        + bytes(SOURCE)
        + struct.pack("<H6x", 12)
    )


def test_an_instruction_resolves_its_addresses(sample: ModuleType) -> None:
    built = sample.open_position(owner=OWNER)
    position = Pubkey.find_program_address([b"position", bytes(OWNER)], STAKING)[0]
    assert built.program_id == STAKING
    assert built.data == hashlib.sha256(b"global:open_position").digest()[:8]
    assert built.accounts == [
        AccountMeta(OWNER, True, True),
        AccountMeta(position, False, True),
        AccountMeta(SYSTEM_PROGRAM, False, False),
    ]


def test_arguments_keep_the_stated_discriminator(sample: ModuleType) -> None:
    terms = sample.Terms(id=3, party=OWNER, mode=sample.Mode.Fast)
    built = sample.stake(
        amount=2**64 - 1,
        terms=terms,
        tag=b"abcd",
        notes=(terms,),
        salt=bytes(32),
        blob=b"xyz",
        mode=sample.Mode.Slow,
        owner=OWNER,
        source=SOURCE,
    )
    packed = struct.pack("<Q32sB", 3, bytes(OWNER), 1)
    assert built.data == (
        bytes([1, 2, 3, 4, 5, 6, 7, 8])
        + b"\xff" * 8
        + packed
        + b"abcd"
        + struct.pack("<I", 1)
        + packed
        + b"\x01"
        + bytes(32)
        + struct.pack("<I", 3)
        + b"xyz\x00"
    )
    ticket = Pubkey.find_program_address([b"ticket", bytes(OWNER), bytes([3] + [0] * 7)], STAKING)
    assert built.accounts[2] == AccountMeta(ticket[0], False, True)
    assert built.accounts[3] == AccountMeta(STAKING, False, False), "an absent optional account"
    assert built.accounts[5] == AccountMeta(TOKEN_PROGRAM, False, False)


@pytest.mark.parametrize("amount", [-1, 2**64, "5", None])
def test_an_argument_that_does_not_fit_is_refused(sample: ModuleType, amount: object) -> None:
    terms = sample.Terms(id=3, party=OWNER, mode=sample.Mode.Fast)
    with pytest.raises(ValueError, match="stake: an argument does not fit its type"):
        sample.stake(
            amount=amount,
            terms=terms,
            tag=b"abcd",
            notes=(),
            salt=None,
            blob=b"",
            mode=sample.Mode.Slow,
            owner=OWNER,
            source=SOURCE,
        )


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("terms", None),
        ("terms", {"id": 3}),
        ("tag", b"abc"),
        ("tag", "abcd"),
        ("notes", 5),
        ("salt", bytes(31)),
        ("blob", "xyz"),
        ("mode", 2),
        ("amount", 1.0),
    ],
)
def test_the_argument_that_does_not_fit_is_named(
    sample: ModuleType, argument: str, value: object
) -> None:
    arguments: dict[str, object] = {
        "amount": 1,
        "terms": sample.Terms(id=3, party=OWNER, mode=sample.Mode.Fast),
        "tag": b"abcd",
        "notes": (),
        "salt": None,
        "blob": b"",
        "mode": sample.Mode.Slow,
    }
    stake = sample.INSTRUCTIONS["stake"]
    assert stake.encode(**arguments)
    message = f"^stake: an argument does not fit its type: {argument}: "
    with pytest.raises(ValueError, match=message):
        stake.encode(**{**arguments, argument: value})


MODE = 8 + 32 + 8 + 16 + 8 + 32
NOTE = MODE + 1 + 8 + 32 + 1


@pytest.mark.parametrize(
    ("at", "message"),
    [(MODE, "2 is not a valid Mode"), (NOTE, "2 is no mark of an optional value")],
)
def test_a_byte_that_no_value_has_is_refused(sample: ModuleType, at: int, message: str) -> None:
    data = bytearray(position_bytes())
    assert data[at] == 1
    data[at] = 2
    with pytest.raises(AccountDataError, match=f"^Position: {message}$"):
        sample.Position.decode(bytes(data))


def test_a_borsh_account_decodes(sample: ModuleType) -> None:
    terms = sample.Terms(id=5, party=OWNER, mode=sample.Mode.Fast)
    decoded = sample.Position.decode(position_bytes(), owner=STAKING)
    assert decoded == sample.Position(
        owner=OWNER, amount=9, index=2**100, terms=(terms, terms), note=300, bump=254
    )
    assert type(decoded.terms[0].mode) is sample.Mode
    assert sample.Position.OFFSETS["amount"] == 40
    assert "bump" not in sample.Position.OFFSETS, "it follows an optional field"


def test_a_zero_copy_account_decodes_without_its_padding(sample: ModuleType) -> None:
    decoded = sample.Tree.decode(tree_bytes(), owner=STAKING)
    part = sample.Slice(party=OWNER, amount=77, paid=1)
    assert decoded == sample.Tree(
        weights=tuple(range(16)),
        roots=(bytes([1] * 32), bytes([2] * 31 + [0]), bytes([3] * 32)),
        shapes=((0, 1, 2, 3), (4, 5, 6, 7)),
        slices=(part, part),
        owner=SOURCE,
        count=12,
    )
    assert {type(weight) for weight in decoded.weights} == {int}
    assert len(tree_bytes()) == sample.Tree.SIZE
    assert tree_bytes()[sample.Tree.OFFSETS["owner"] :][:32] == bytes(SOURCE)


def test_another_programs_account_is_refused(sample: ModuleType) -> None:
    with pytest.raises(WrongOwnerError, match="owned by 1111"):
        sample.Tree.decode(tree_bytes(), owner=SYSTEM_PROGRAM)


@pytest.mark.parametrize("data", [b"", b"\x09\x09", position_bytes()])
def test_another_type_of_account_is_refused(sample: ModuleType, data: bytes) -> None:
    with pytest.raises(WrongDiscriminatorError, match="expected 0909090909090909"):
        sample.Tree.decode(data, owner=STAKING)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(min_value=8, max_value=len(tree_bytes()) - 1))
def test_data_cut_anywhere_are_refused(sample: ModuleType, cut: int) -> None:
    with pytest.raises(ShortDataError):
        sample.Tree.decode(tree_bytes()[:cut])
    if cut < len(position_bytes()):
        with pytest.raises(ShortDataError):
            sample.Position.decode(position_bytes()[:cut])


def test_an_event_decodes(sample: ModuleType) -> None:
    data = sample.Staked.DISCRIMINATOR + struct.pack("<QqQ32sQ", 8, -1, 2, bytes(OWNER), 40)
    envelope = sample.Envelope(slot=8, time=-1, sequence=2)
    assert sample.Staked.decode(data) == sample.Staked(envelope=envelope, owner=OWNER, amount=40)
    with pytest.raises(ShortDataError):
        sample.Staked.decode(data[:-1])


def test_errors_carry_code_and_message(sample: ModuleType) -> None:
    assert [(e.name, e.code, e.message) for e in sample.Errors] == [
        ("NotEnough", 6000, 'not "enough" stake'),
        ("Closed", 6001, "Closed"),
    ]


def test_types_of_other_programs_are_left_out(sample: ModuleType) -> None:
    assert not hasattr(sample, "ForeignAccount")
