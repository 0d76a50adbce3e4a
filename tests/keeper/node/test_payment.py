"""What is refused before anything is locked."""

import pytest
from solders.pubkey import Pubkey

from keeper.node.decisions.escrow import Credit, Escrow
from keeper.node.errors import RoleError
from keeper.node.payment import withdraw

JOB, MINT, PARTY = (Pubkey.from_bytes(bytes([number] * 32)) for number in (1, 2, 3))


def test_a_credit_of_a_closed_escrow_cannot_be_paid_out() -> None:
    with pytest.raises(RoleError, match=f"{JOB} has no escrow any more"):
        withdraw(JOB, None, 0, MINT)


def test_jobs_and_tasks_pay_credits_out_of_their_own_escrow() -> None:
    held = Escrow(final=True, credits=(Credit(PARTY, 5, False),), fee_due=0, balance=5)
    paid, other = withdraw(JOB, held, 0, MINT), withdraw(PARTY, held, 0, MINT)
    assert paid.program_id == other.program_id
    assert paid.data == other.data
    assert [meta.pubkey for meta in paid.accounts] != [meta.pubkey for meta in other.accounts]
