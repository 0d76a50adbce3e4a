"""The world itself: the mistakes that its checks catch, and a whole job through its flows."""

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market import jobs as market
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.challenge import slash_provider
from neurolov_client import ProgramError, escrow, shard_of, staking, verdict
from neurolov_client.bindings.verdict import Choice, Outcome, State
from tests.programs.forging import Caller, purge
from tests.programs.staking.exposures import lock
from tests.world import NLOV, TransactionDroppedError, World, unsigned, with_account
from tests.world.governing import enact


def test_a_fresh_world_holds_the_localnet_parameters(world: World) -> None:
    assert stakers.pool(world).params == LOCALNET_PARAMETERS.staking
    terms = world.fetch(staking.Terms, world.terms)
    assert (terms.version, terms.parameters) == (0, LOCALNET_PARAMETERS)
    assert (terms.treasury, terms.checkpoint_slots) == (world.treasury, CHECKPOINT_SLOTS)
    assert stakers.pool(world).authority == world.authority.key
    config = world.fetch(escrow.Config, escrow.config_address())
    assert config.fee_vaults == tuple(escrow.fees_address(shard) for shard in range(16))


def test_worlds_do_not_share_state(world: World) -> None:
    alice = world.actor("alice", tokens=5)
    other = World()
    assert other.actor("alice").key == alice.key
    assert (world.tokens(alice), other.tokens(other.actor("alice"))) == (5, 0)


def test_a_fresh_world_is_a_new_one() -> None:
    used = World.fresh()
    alice = used.actor("alice", tokens=NLOV)
    stakers.stake(used, alice, NLOV)
    registry = Caller(used, "job_registry")
    registry.send(lock(Pubkey(b"\7" * 32), alice, registry.key, 1, 0))
    used.stand()
    enact(used)
    purge(used, escrow.config_address(), used.mint)
    used.warp(3)
    fresh, new = World.fresh(), World()
    assert fresh.bank.checkpoint().accounts == new.bank.checkpoint().accounts
    assert fresh.snapshot() == new.snapshot()
    assert (fresh.slot, fresh.minted) == (new.slot, new.minted)
    assert fresh.bank.latest_blockhash == new.bank.latest_blockhash
    assert fresh.bank.transaction_count == new.bank.transaction_count
    assert fresh.actor("bob").key == new.actor("bob").key
    assert fresh.snapshot() == new.snapshot()


def test_an_error_is_raised_by_name(world: World) -> None:
    alice = world.actor("alice", tokens=NLOV)
    stakers.stake(world, alice, NLOV)
    excessive = staking.stake(amount=1, owner=alice.key, source=alice.tokens)
    with pytest.raises(ProgramError, match="InsufficientFunds") as caught:
        world.send(excessive, signers=[alice])
    assert caught.value.program == "token"


def test_a_failure_that_is_another_one_is_told(world: World) -> None:
    alice = world.actor("alice")
    with pytest.raises(AssertionError, match="expected Wrong, got staking: "):
        world.fails(
            "Wrong",
            staking.stake(amount=1, owner=alice.key, source=alice.tokens),
            signers=[alice],
        )


def test_a_success_is_no_failure(world: World) -> None:
    alice = world.actor("alice")
    with pytest.raises(AssertionError, match="expected NotSeated, but it took effect"):
        world.fails("NotSeated", staking.open_position(owner=alice.key), signers=[alice])


def test_a_signature_can_be_left_out(world: World) -> None:
    alice = world.actor("alice")
    opening = staking.open_position(owner=alice.key)
    refusal = world.fails("AccountNotSigner", unsigned(opening, alice.key))
    assert (refusal.program, refusal.code) == ("staking", 3010)
    world.send(opening, signers=[alice])


def test_a_transaction_that_reaches_no_program_is_told_apart(world: World) -> None:
    with pytest.raises(TransactionDroppedError, match="InvalidProgramForExecution"):
        world.fails("Any", Instruction(world.mint, b"", []))


def test_an_account_can_be_swapped(world: World) -> None:
    alice, bob = world.actor("alice", tokens=2), world.actor("bob", tokens=2)
    stakers.stake(world, alice, 1)
    theft = with_account(
        staking.stake(amount=1, owner=alice.key, source=alice.tokens), alice.tokens, bob.tokens
    )
    assert theft.accounts != []
    with pytest.raises(ProgramError):
        world.send(theft, signers=[alice])
    assert world.tokens(bob) == 2


def test_warps_reach_the_slot_near_and_far(world: World) -> None:
    start = world.slot
    world.warp(5)
    assert world.slot == start + 5
    world.warp_to(start + 1_000_000)
    assert world.slot == start + 1_000_000
    hashes = world.bank.slot_hashes()
    assert hashes[0][0] == world.slot - 1
    assert len(hashes) == 512


def test_a_job_is_accepted_by_its_committee_and_paid(world: World) -> None:
    members = dict(enumerate(stakers.committee(world, 4)))
    author, buyer = world.actor("author"), world.actor("buyer", tokens=10 * NLOV)
    provider, cranker = world.actor("provider"), world.actor("cranker")
    graph = market.register_graph(world, author)
    market.register_provider(world, provider)
    job = market.post_job(world, buyer, graph)
    market.claim(world, provider, job)
    price = market.lease(world, job).price
    judge.commit(world, provider, job)
    judge.draw(world, cranker, job)
    assert len(judge.drawn(world, job)) == 3
    voted = judge.ballots(world, members, job, Choice.ACCEPT)
    judge.tally(world, cranker, job)
    assert judge.verdict_of(world, job).outcome == Outcome.ACCEPTED
    judge.settle(world, cranker, job)
    for actor in (provider, cranker, *(member for _, member, _ in voted)):
        assert judge.withdraw(world, actor, job)
    judge.collect_fee(world, job)
    judge.reclaim(world, job)
    for number, member, _ in voted:
        judge.release(world, member, job, number)
    fee_bps = world.parameters.escrow.fee_bps
    assert world.tokens(provider) == price - -(-price * fee_bps // 10_000)
    assert {world.tokens(member) for _, member, _ in voted} == {job.offer.verification_fee}
    assert world.tokens(cranker) == 3 * job.offer.tip
    assert not world.exists(job.vault)
    world.check_conserved()


def test_a_job_whose_data_nobody_gets_refunds_its_buyer(world: World) -> None:
    members = dict(enumerate(stakers.committee(world, 3)))
    buyer = world.actor("buyer", tokens=10 * NLOV)
    provider, cranker = world.actor("provider"), world.actor("cranker")
    graph = market.register_graph(world, world.actor("author"))
    market.register_provider(world, provider)
    job = market.post_job(world, buyer, graph)
    market.claim(world, provider, job)
    bond = market.lease(world, job).bond
    judge.commit(world, provider, job)
    judge.draw(world, cranker, job)
    voted = judge.ballots(world, members, job, Choice.UNAVAILABLE)
    judge.tally(world, cranker, job)
    assert judge.verdict_of(world, job).state == State.ANSWERING
    world.warp_to(judge.verdict_of(world, job).availability.deadline + 1)
    report = verdict.expire_answers(payer=cranker.key, job=job.address, graph=job.graph)
    world.send(report, signers=[cranker])
    assert judge.verdict_of(world, job).outcome == Outcome.WITHHELD
    stake = market.exposure(world, job, provider).amount
    world.warp(world.parameters.verdict.trap_slots + 1)
    world.send(slash_provider(world, job, provider.key))
    judge.void(world, cranker, job)
    for actor in (cranker, *(member for _, member, _ in voted)):
        judge.withdraw(world, actor, job)
    judge.reclaim(world, job)
    fees = len(voted) * job.offer.verification_fee + world.tokens(cranker)
    posting_fee = world.parameters.escrow.posting_fee
    assert world.tokens(provider) == 0
    assert world.tokens(buyer) == 10 * NLOV - posting_fee - fees
    fee_vault = escrow.fees_address(shard_of(job.address))
    assert world.tokens(fee_vault) == bond + stake // 2
    assert stakers.position(world, provider).amount == 1_000 * NLOV - bond - stake
    world.check_conserved()
