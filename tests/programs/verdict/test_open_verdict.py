from solders.account import Account

from keeper.lab.market.jobs import post_job
from neurolov_client import PROGRAM_IDS, verdict
from neurolov_client.bindings.verdict import State
from tests.programs.verdict.judging import Judging
from tests.world import NLOV, unsigned, with_account


def test_opening_copies_what_the_job_was_posted_with(judging: Judging) -> None:
    world = judging.world
    rent = world.bank.rent_exempt_minimum(verdict.Verdict.SIZE or 0)
    before = world.bank.balance(judging.provider.key)
    sent = world.send(judging.open(), signers=[judging.provider])
    assert before - world.bank.balance(judging.provider.key) == rent
    account, job = judging.account, judging.job_account
    assert (account.job, account.graph) == (judging.job.address, judging.job.graph)
    assert (account.buyer, account.payer) == (judging.buyer.key, judging.provider.key)
    assert account.salt_commitment == judging.job.offer.salt_commitment
    assert (account.k, account.operators, account.macs) == (3, job.operators, job.macs)
    assert (account.verification_fee, account.tip) == (NLOV // 5, NLOV // 100)
    assert account.terms == job.terms
    assert (account.state, account.stage_count, account.ballot_count) == (State.COMMITTING, 0, 0)
    event = sent.only(verdict.VerdictOpened)
    assert isinstance(event, verdict.VerdictOpened)
    assert (event.terms, event.envelope.sequence) == (job.terms, 1)


def test_anybody_opens_it_and_is_its_payer(judging: Judging) -> None:
    world, stranger = judging.world, judging.world.actor("stranger")
    before = world.bank.balance(stranger.key)
    world.send(judging.open(stranger), signers=[stranger])
    rent = world.bank.rent_exempt_minimum(verdict.Verdict.SIZE or 0)
    assert world.bank.balance(stranger.key) == before - rent
    assert judging.account.payer == stranger.key
    world.send(judging.commit(), signers=[judging.provider])


def test_a_job_that_nobody_claimed_is_refused(judging: Judging) -> None:
    posted = post_job(judging.world, judging.buyer, judging.job.graph)
    attempt = verdict.open_verdict(payer=judging.provider.key, job=posted.address)
    judging.world.fails("WrongState", attempt, signers=[judging.provider])


def test_attack_5_opening_twice_is_refused(judging: Judging) -> None:
    judging.opened()
    judging.world.fails("AccountAlreadyInUse", judging.open(), signers=[judging.provider])


def test_attack_1_the_payer_must_sign(judging: Judging) -> None:
    judging.world.fails("AccountNotSigner", unsigned(judging.open(), judging.provider.key))


def test_attack_4_another_account_is_no_job(judging: Judging) -> None:
    graph = judging.job.graph
    attempt = verdict.open_verdict(payer=judging.provider.key, job=graph)
    judging.world.fails("AccountDiscriminatorMismatch", attempt, signers=[judging.provider])


def test_attack_3_a_job_of_another_program_is_refused(judging: Judging) -> None:
    world = judging.world
    raw = world.bank.account(judging.job.address)
    assert raw is not None
    forged = world.actor("forger").key
    escrow_s = Account(raw.lamports, bytes(raw.data), PROGRAM_IDS["escrow"])
    world.bank.set_account(forged, escrow_s)
    attempt = verdict.open_verdict(payer=judging.provider.key, job=forged)
    world.fails("AccountOwnedByWrongProgram", attempt, signers=[judging.provider])


def test_attack_8_only_the_canonical_address_is_created(judging: Judging) -> None:
    elsewhere = verdict.verdict_address(judging.job.graph)
    attempt = with_account(judging.open(), judging.address, elsewhere)
    judging.world.fails("ConstraintSeeds", attempt, signers=[judging.provider])
