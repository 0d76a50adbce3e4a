"""Events and accounts in words."""

from dataclasses import fields
from typing import Any

import neurolov_client
from keeper.cli.fields import AMOUNTS, told_fields
from neurolov_client import PROGRAMS, escrow, verdict
from neurolov_client.coder import Account, Event

OWNER = "1" * 44


def test_amounts_are_told_in_nlov_and_codes_by_name() -> None:
    event = {
        "provider": OWNER,
        "root": "49cc05c5" * 8,
        "deposit": {"price": 5_580_000_000, "tips": 80_000_000},
        "outcome": int(verdict.Outcome.ACCEPTED),
        "fee": 1,
        "macs": 1_000,
        "seats": [1, 2],
        "forfeited": False,
        "window_end": None,
    }
    assert told_fields(verdict.PROGRAM, event, {OWNER: "provider 1"}) == (
        "provider provider 1, root 49cc05c5…, deposit (price 5.58 NLOV, tips 0.08 NLOV), "
        "outcome accepted, fee 0.000000001 NLOV, macs 1000, seats (1, 2), forfeited no, "
        "window end none"
    )


def test_a_code_that_the_client_does_not_know_stays_a_number() -> None:
    assert told_fields(escrow.PROGRAM, {"state": 99}, {}) == "state 99"


def test_every_amount_is_a_field_of_the_programs() -> None:
    kinds: list[Any] = [
        kind
        for name in PROGRAMS
        for kind in vars(getattr(neurolov_client, name)).values()
        if isinstance(kind, type) and issubclass(kind, Account | Event)
        if kind not in (Account, Event)
    ]
    known = {field.name for kind in (*kinds, escrow.Deposit) for field in fields(kind)}
    assert known >= AMOUNTS
