import pytest

from keeper.lab.market import stakers
from keeper.lab.market.jobs import exposure
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.verdict import Choice
from tests.programs.verdict.disputing import LIE, Disputing
from tests.programs.verdict.judging import ACCEPTS, MISSES
from tests.world import NLOV, with_account

REJECTS = (Choice.REJECT, *LIE)


@pytest.fixture
def proven(judged: Disputing) -> Disputing:
    """Two verifiers accepted, one rejected, and the lie was proven within the window."""
    judged.balloting()
    judged.tallied({0: ACCEPTS, 1: REJECTS, 2: ACCEPTS})
    judged.challenge().proven(judged.world)
    return judged


def test_who_accepted_a_lie_loses_its_exposure(proven: Disputing) -> None:
    world, verifier = proven.world, proven.member(0)
    staked, burned = stakers.position(world, verifier).amount, world.burned()
    fees = world.tokens(escrow.fees_address(shard_of(proven.job.address)))
    sent = world.send(proven.slash_ballot(0))
    assert stakers.position(world, verifier).amount == staked - 10 * NLOV
    assert world.burned() - burned == 5 * NLOV
    vault = escrow.fees_address(shard_of(proven.job.address))
    assert world.tokens(vault) - fees == 5 * NLOV
    held = exposure(world, proven.job, verifier)
    assert (held.amount, held.slashed) == (0, 1)
    event = sent.only(verdict.BallotSlashed)
    assert isinstance(event, verdict.BallotSlashed)
    assert (event.verifier, event.slashed) == (verifier.key, 10 * NLOV)
    assert sent.units <= 40_000
    world.check_conserved()


def test_its_stake_is_not_released_before(proven: Disputing) -> None:
    world, verifier = proven.world, proven.member(0)
    staked = stakers.position(world, verifier).amount
    world.send(proven.slash())
    world.send(proven.void(), signers=[proven.cranker])
    world.fails("BallotUnslashed", proven.release(0))
    world.send(proven.slash_ballot(0))
    world.send(proven.release(0))
    position = stakers.position(world, verifier)
    assert (position.amount, position.exposed) == (staked - 10 * NLOV, 0)


def test_who_rejected_is_paid_and_released_whole(proven: Disputing) -> None:
    world, rejecter = proven.world, proven.member(1)
    staked = stakers.position(world, rejecter).amount
    world.fails("NotAnAcceptance", proven.slash_ballot(1))
    world.send(proven.slash())
    world.send(proven.void(), signers=[proven.cranker])
    world.send(proven.release(1))
    account = proven.escrow_account
    paid = {each.party: each.amount for each in account.credits[: account.credit_count]}
    assert paid[rejecter.key] == proven.job.offer.verification_fee
    assert {proven.member(0).key, proven.member(2).key}.isdisjoint(paid)
    position = stakers.position(world, rejecter)
    assert (position.amount, position.exposed) == (staked, 0)


def test_a_ballot_hidden_by_the_proof_costs_nothing(judged: Disputing) -> None:
    world = judged.balloting().world
    for ballot in (0, 1):
        world.send(judged.cast(ballot), signers=[judged.member(ballot)])
    judged.challenge().proven(world)
    world.fails("WrongState", judged.reveal(0))
    world.fails("NotAnAcceptance", judged.slash_ballot(0))
    world.send(judged.slash())
    world.send(judged.void(), signers=[judged.cranker])
    staked = stakers.position(world, judged.member(0)).amount
    sent = world.send(judged.release(0))
    event = sent.only(verdict.BallotReleased)
    assert isinstance(event, verdict.BallotReleased)
    assert event.withheld is False
    assert stakers.position(world, judged.member(0)).amount == staked


def test_abstaining_is_no_acceptance(judged: Disputing) -> None:
    world = judged.balloting().world
    judged.voted({0: MISSES})
    judged.challenge().proven(world)
    world.fails("NotAnAcceptance", judged.slash_ballot(0))


def test_slashing_twice_is_refused(proven: Disputing) -> None:
    proven.world.send(proven.slash_ballot(0))
    proven.world.fails("AlreadySlashed", proven.slash_ballot(0))


def test_an_acceptance_without_a_proof_is_not_slashed(judged: Disputing) -> None:
    world = judged.decided().world
    world.fails("NotProven", judged.slash_ballot(0))


def test_another_verifier_s_exposure_is_refused(proven: Disputing) -> None:
    world = proven.world
    attempt = with_account(
        proven.slash_ballot(0),
        staking.exposure_address(proven.job.address, proven.member(0).key),
        staking.exposure_address(proven.job.address, proven.member(1).key),
    )
    world.fails("BlameMismatch", attempt)


def test_another_vault_gets_nothing(proven: Disputing) -> None:
    world = proven.world
    vault = escrow.fees_address(shard_of(proven.job.address))
    mallory = world.actor("mallory")
    attempt = with_account(proven.slash_ballot(0), vault, mallory.tokens)
    world.fails("JobMismatch", attempt)
