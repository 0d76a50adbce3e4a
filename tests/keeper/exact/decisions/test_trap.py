from hashlib import sha256

from solders.pubkey import Pubkey

from keeper.exact.decisions.trap import trap_of

PROVIDER = Pubkey(bytes([1] * 32))
SALT = bytes(range(32))


def test_a_trap_names_its_provider_its_operator_and_its_salt() -> None:
    named = b"trap" + bytes([1] * 32) + b"\x02\x01\x00\x00" + SALT
    assert trap_of(PROVIDER, 258, SALT) == sha256(named).digest()


def test_every_part_counts() -> None:
    traps = {
        trap_of(PROVIDER, 1, SALT),
        trap_of(PROVIDER, 2, SALT),
        trap_of(PROVIDER, 1, SALT[::-1]),
        trap_of(Pubkey(bytes([2] * 32)), 1, SALT),
    }
    assert len(traps) == 4
