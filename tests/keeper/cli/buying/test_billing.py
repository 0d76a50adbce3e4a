"""A bill that cannot be read loses nothing."""

import asyncio

import pytest

from keeper.amounts import NLOV
from keeper.chain.errors import TransientError
from keeper.cli.buying.billing import bill_document, bill_lines, billed
from keeper.node.buying.bill import Bill, Payment

PAID = Bill(
    locked=7 * NLOV,
    burned=NLOV // 100,
    payments=(
        Payment("provider 1", "3Er7", 4 * NLOV, paid=True),
        Payment("verifier 1", "CULh", NLOV // 5, paid=False),
    ),
    fee=NLOV // 4,
    returned=2 * NLOV,
    waiting=NLOV * 55 // 100,
    lamports=-5_000,
)


def test_a_history_that_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def unread() -> Bill:
        raise TransientError("the node is away")

    assert asyncio.run(billed(unread())) is None
    assert capsys.readouterr().err == "who was paid cannot be read now: the node is away\n"
    assert bill_document(None) is None
    assert list(bill_lines(None)) == []


def test_what_is_billed_adds_up() -> None:
    document = bill_document(PAID)
    assert document is not None
    assert document["cost"] == sum(each.amount for each in PAID.payments) + PAID.fee + PAID.burned
    assert list(bill_lines(PAID)) == [
        "paid:     4 NLOV to provider 1 3Er7",
        "paid:     0.2 NLOV to verifier 1 CULh, which it has not withdrawn yet",
        "paid:     0.25 NLOV to the market, its fee on the work",
        "burned:   0.01 NLOV",
        "returned: 2 NLOV",
        "waiting:  0.55 NLOV that come back to you",
        "cost:     4.46 NLOV and -0.000005 SOL",
    ]
