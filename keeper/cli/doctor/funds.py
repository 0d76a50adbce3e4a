"""What the key needs to pay with: SOL for fees and rents, $NLOV."""

from collections.abc import AsyncIterator

from keeper.amounts import SOL, nlov
from keeper.amounts import sol as told_sol
from keeper.chain.gateway import Gateway
from keeper.cli.doctor.checks import Check, DoctorRole, Stage, Subject, examines
from keeper.exact.decisions.selection import locked
from neurolov_client import (
    Account,
    escrow,
    job_registry,
    staking,
    verdict,
)
from neurolov_client.bindings.job_registry import MAX_DRAWS, PAID_CRANK_STEPS

FEE_LAMPORTS = 5_000
"""What a transaction with one signature costs."""
TRANSACTIONS = 200
"""Transactions that the SOL of a key must pay for, beside its rents."""
TOKEN_ACCOUNT_BYTES = 165
EVIDENCE_BYTES = 16_384
"""A generous size of a proof's evidence, which a challenger stages in an account."""

OPENED: dict[DoctorRole, tuple[type[Account], ...]] = {
    DoctorRole.PROVIDER: (staking.Exposure, verdict.Verdict),
    DoctorRole.VERIFIER: (staking.Exposure,),
    DoctorRole.CRANK: (),
    DoctorRole.BUYER: (job_registry.Buyer, job_registry.Graph, job_registry.Job, escrow.Escrow),
    DoctorRole.CHALLENGER: (verdict.Ticket,),
}
"""The accounts that a role pays the rent of, for one piece of work at a time."""


@examines(Stage.KEY)
async def sol(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the key can pay rents and a good number of transactions."""
    held = await subject.gateway.balance(subject.signer)
    rents = await _rents(subject.gateway, subject)
    needed = rents + TRANSACTIONS * FEE_LAMPORTS
    count = max(0, held - rents) // FEE_LAMPORTS
    kept = f" beside {told_sol(rents)} of rents" if rents else ""
    detail = f"{subject.signer}: {told_sol(held)} SOL, enough for {count:,} transactions{kept}"
    yield Check("sol", held >= needed, detail, send_sol(subject, max(0, needed - held)))


@examines(Stage.PROGRAMS, *DoctorRole)
async def account(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the owner has a $NLOV account, to which every payment goes."""
    tokens, mint = subject.chain.tokens, subject.chain.holding.pool.mint
    advice = f"spl-token create-account {mint} --owner {subject.owner} --fee-payer KEY"
    if subject.is_local:
        advice = f"neurolov faucet {subject.owner} --nlov 0"
    detail = "none" if tokens is None else f"{nlov(tokens)} NLOV in the wallet of {subject.owner}"
    yield Check("account", tokens is not None, detail, f"nobody can pay it; make one: {advice}")


@examines(Stage.PROGRAMS, DoctorRole.BUYER)
async def payment(subject: Subject) -> AsyncIterator[Check]:
    """Checks that the wallet can pay for the cheapest job that the terms allow."""
    terms, tokens = subject.chain.terms, subject.chain.tokens or 0
    registry = terms.job_registry
    least = terms.escrow.posting_fee + registry.min_price + registry.min_tip * PAID_CRANK_STEPS
    detail = f"the least job locks {nlov(least)} NLOV and the fees of its verifiers"
    detail += f" for up to {MAX_DRAWS} draws"
    yield Check("payment", tokens >= least, detail, send_tokens(subject, least - tokens))


def send_sol(subject: Subject, lamports: int) -> str:
    """Returns the command that gives the key lamports, rounded up to a ten-thousandth of a SOL."""
    amount = told_sol(-(-lamports * 10**4 // SOL) * SOL // 10**4).replace(",", "")
    if subject.is_local:
        return f"neurolov faucet {subject.signer} --sol {amount} --nlov 0"
    return f"send it SOL: solana transfer {subject.signer} {amount}"


def send_tokens(subject: Subject, amount: int) -> str:
    """Returns the command that gives the owner $NLOV, in base units."""
    told = nlov(amount).replace(",", "")
    if subject.is_local:
        return f"neurolov faucet {subject.owner} --nlov {told}"
    mint = subject.chain.holding.pool.mint
    return f"send it $NLOV: spl-token transfer {mint} {told} {subject.owner}"


def least_stake(subject: Subject) -> int:
    """Returns the base units of stake that the roles need together."""
    terms = subject.chain.terms
    needed = 0
    if DoctorRole.PROVIDER in subject.roles:
        needed += sum(locked(terms.job_registry.min_price, terms.job_registry))
    if DoctorRole.VERIFIER in subject.roles:
        ballot = terms.verdict.ballot_exposure + terms.verdict.silence_fee
        needed += max(terms.staking.min_verifier_stake, ballot)
    return needed


async def _rents(gateway: Gateway, subject: Subject) -> int:
    total = 0
    sizes = {kind.SIZE or 0 for role in subject.roles for kind in OPENED[role]}
    if DoctorRole.BUYER in subject.roles:
        sizes.add(TOKEN_ACCOUNT_BYTES)
    if DoctorRole.CHALLENGER in subject.roles:
        sizes.add(EVIDENCE_BYTES)
    for size in sizes:
        total += await gateway.rent_exempt_minimum(size)
    return total
