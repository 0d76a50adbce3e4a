import numpy as np
import pytest
from solders.account import Account

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import claim, post_job, register_graph, register_provider
from kernels.graph import Graph, GraphBuilder
from neurolov_client import job_registry, staking, verdict
from neurolov_client.bindings.verdict import State
from tests.programs.verdict.judging import ACCEPTS, OPERATORS, Judging
from tests.world import NLOV, World, unsigned, with_account
from tests.world.governing import applying, queue, terms_numbered


def chain_of(operators: int) -> Graph:
    """Returns a graph of a matmul, a requantisation, and then ReLUs."""
    builder = GraphBuilder()
    weights = np.ones((2, 2), dtype=np.int8)
    tensor = builder.requantise(builder.matmul(builder.input((1, 2)), weights), 2**30, 36)
    for _ in range(operators - 2):
        tensor = builder.relu(tensor)
    return builder.build()


def test_one_stage_commits_the_whole_result(judging: Judging) -> None:
    world = judging.opened().world
    slot = world.slot
    sent = world.send(judging.commit(root=b"\5" * 32), signers=[judging.provider])
    account, job = judging.account, judging.job_account
    (stage,) = account.stages[: account.stage_count]
    assert (stage.provider, stage.root) == (judging.provider.key, b"\5" * 32)
    assert (stage.first, stage.last, stage.macs) == (0, OPERATORS, job.macs)
    assert (stage.price, stage.attempt, stage.seat) == (job.lease.price, 0, 2**16 - 1)
    assert (account.state, account.committed_slot) == (State.COMMITTED, slot)
    assert (job.state, job.progress, job.committed_slot) == (2, OPERATORS, slot)
    event = sent.only(verdict.StageCommitted)
    assert isinstance(event, verdict.StageCommitted)
    assert (event.first, event.last, event.stages) == (0, OPERATORS, 1)


def test_stages_go_on_where_the_job_stands(judging: Judging) -> None:
    world = judging.opened().world
    for first, last in ((0, 1), (1, 3), (3, OPERATORS)):
        world.send(judging.commit(first, last), signers=[judging.provider])
    account = judging.account
    stages = account.stages[: account.stage_count]
    assert [(each.first, each.last) for each in stages] == [(0, 1), (1, 3), (3, OPERATORS)]
    assert sum(each.macs for each in stages) == account.macs
    assert account.state == State.COMMITTED


def test_starting_over_drops_earlier_stages(judging: Judging) -> None:
    world = judging.opened().world
    world.send(judging.commit(0, 3), signers=[judging.provider])
    world.send(judging.commit(0, 1), signers=[judging.provider])
    account = judging.account
    assert (account.stage_count, account.stages[0].last) == (1, 1)
    assert judging.job_account.progress == 1


def test_a_successor_builds_on_a_checkpoint_or_not(judging: Judging) -> None:
    world = judging.opened().world
    world.send(judging.commit(0, 2), signers=[judging.provider])
    heir = judging.lapsed().heir
    claim(world, heir, judging.job)
    world.send(judging.commit(2, OPERATORS, owner=heir), signers=[heir])
    account = judging.account
    owners = [each.provider for each in account.stages[: account.stage_count]]
    assert owners == [judging.provider.key, heir.key]
    assert [each.attempt for each in account.stages[:2]] == [0, 1]


def test_the_provider_s_seat_is_remembered(world: World) -> None:
    judging = Judging(world)
    owner = judging.provider
    world.send(
        staking.take_seat(index=500, collateral=100 * NLOV, owner=owner.key), signers=[owner]
    )
    judging.committed()
    assert judging.account.stages[0].seat == 500


def test_the_reputation_that_idleness_left_is_remembered(world: World) -> None:
    half_life = world.parameters.job_registry.reputation_half_life_slots
    world.warp_to(2 * half_life)
    judging = Judging(world).opened()
    address = job_registry.provider_address(judging.provider.key)
    raw = world.bank.account(address)
    assert raw is not None
    offsets, data = job_registry.Provider.OFFSETS, bytearray(raw.data)
    for field, value, size in (
        ("reputation", 65_536, 4),
        ("rated_slot", world.slot - half_life // 2, 8),
    ):
        data[offsets[field] : offsets[field] + size] = value.to_bytes(size, "little")
    world.bank.set_account(address, Account(raw.lamports, bytes(data), raw.owner))
    world.send(judging.commit(), signers=[judging.provider])
    assert judging.account.stages[0].reputation == 65_536 * 3 // 4


@pytest.mark.parametrize(
    ("first", "last"), [(1, 2), (0, 0), (0, OPERATORS + 1), (2, 1), (2**16 - 1, 1)]
)
def test_a_stage_with_a_gap_or_nothing_in_it_is_refused(
    judging: Judging, first: int, last: int
) -> None:
    attempt = judging.opened().commit(first, last)
    judging.world.fails("InvalidStage", attempt, signers=[judging.provider])


def test_a_proof_of_another_kind_is_refused(judging: Judging) -> None:
    attempt = judging.opened().commit(kind=1)
    judging.world.fails("UnsupportedProofKind", attempt, signers=[judging.provider])


def test_somebody_without_the_lease_is_refused(judging: Judging) -> None:
    rival = judging.opened().world.actor("rival")
    register_provider(judging.world, rival)
    judging.world.fails("NotLeaseholder", judging.commit(owner=rival), signers=[rival])


def test_a_verdict_of_another_job_is_refused(judging: Judging) -> None:
    world = judging.opened().world
    first = judging.address
    judging.job = post_job(world, judging.buyer, judging.job.graph)
    claim(world, judging.provider, judging.job)
    attempt = with_account(judging.commit(), verdict.verdict_address(judging.job.address), first)
    world.fails("JobMismatch", attempt, signers=[judging.provider])


def test_another_graph_is_refused(judging: Judging) -> None:
    world = judging.opened().world
    other = register_graph(world, judging.buyer, chain_of(3))
    attempt = with_account(judging.commit(), judging.job.graph, other)
    world.fails("JobMismatch", attempt, signers=[judging.provider])


def test_another_provider_s_record_is_refused(judging: Judging) -> None:
    rival = judging.opened().world.actor("rival")
    register_provider(judging.world, rival)
    attempt = with_account(
        judging.commit(),
        job_registry.provider_address(judging.provider.key),
        job_registry.provider_address(rival.key),
    )
    judging.world.fails("Unauthorized", attempt, signers=[judging.provider])


def test_a_committed_result_stands(judging: Judging) -> None:
    attempt = judging.committed().commit()
    judging.world.fails("WrongState", attempt, signers=[judging.provider])


def test_a_ninth_stage_is_refused(world: World) -> None:
    judging = Judging(world).opened()
    graph = register_graph(world, judging.buyer, chain_of(10))
    judging.job = post_job(world, judging.buyer, graph)
    claim(world, judging.provider, judging.job)
    judging.address = verdict.verdict_address(judging.job.address)
    judging.opened()
    for first in range(8):
        world.send(judging.commit(first, first + 1), signers=[judging.provider])
    world.fails("TooManyStages", judging.commit(8, 9), signers=[judging.provider])


def test_attack_1_the_leaseholder_must_sign(judging: Judging) -> None:
    attempt = unsigned(judging.opened().commit(), judging.provider.key)
    judging.world.fails("AccountNotSigner", attempt)


@pytest.mark.parametrize("late", [-1, 0])
def test_attack_21_the_lease_s_last_slot_still_counts(judging: Judging, late: int) -> None:
    world = judging.opened().world
    world.warp_to(judging.job_account.lease.expires_slot + late)
    world.send(judging.commit(), signers=[judging.provider])


def test_attack_21_the_slot_after_the_lease_is_too_late(judging: Judging) -> None:
    world = judging.opened().world
    world.warp_to(judging.job_account.lease.expires_slot + 1)
    refusal = world.fails("LeaseExpired", judging.commit(), signers=[judging.provider])
    assert refusal.program == "job_registry"


def test_a_stage_extends_the_lease(judging: Judging) -> None:
    world = judging.opened().world
    world.warp(50)
    world.send(judging.commit(0, 1), signers=[judging.provider])
    lease = judging.job_account.lease
    extended = world.slot + world.parameters.job_registry.lease_slots
    assert lease.expires_slot == min(extended, lease.cap_slot)


def test_the_registry_takes_stages_from_verdict_alone(judging: Judging) -> None:
    world = judging.opened().world
    forged = job_registry.record_stage(
        last=OPERATORS,
        macs_done=1,
        terms=judging.terms,
        job=judging.job.address,
        provider=job_registry.provider_address(judging.provider.key),
        authority=judging.provider.key,
    )
    world.fails("Unauthorized", forged, signers=[judging.provider])


def test_an_operator_commits_for_the_owner_and_gets_its_rent_back(judging: Judging) -> None:
    world, owner = judging.world, judging.provider
    operator = world.actor("operator")
    stakers.appoint(world, owner, operator, 0)
    before = {each: world.bank.balance(each.key) for each in (owner, operator)}
    world.send(judging.open(operator), signers=[operator])
    sent = world.send(judging.commit(signer=operator), signers=[operator])
    rent = world.bank.rent_exempt_minimum(verdict.Verdict.SIZE or 0)
    assert world.bank.balance(operator.key) == before[operator] - rent
    account = judging.account
    assert (account.stages[0].provider, account.payer) == (owner.key, operator.key)
    event = sent.only(verdict.StageCommitted)
    assert isinstance(event, verdict.StageCommitted)
    assert event.provider == owner.key
    judging.drawn().tallied({ballot: ACCEPTS for ballot, _ in judging.ballots()})
    judge.settle(world, judging.cranker, judging.job)
    for ballot, _ in judging.ballots():
        world.send(judging.release(ballot))
    world.send(judging.close())
    assert {each: world.bank.balance(each.key) for each in before} == before
    assert owner.key in judging.credited
    assert operator.key not in judging.credited


def test_after_a_rotation_the_new_key_goes_on_and_the_old_one_does_not(judging: Judging) -> None:
    world, owner = judging.opened().world, judging.provider
    old, new = world.actor("old key"), world.actor("new key")
    stakers.appoint(world, owner, old, 0)
    world.send(judging.commit(0, 2, signer=old), signers=[old])
    stakers.appoint(world, owner, new, 0)
    world.fails("Unauthorized", judging.commit(2, signer=old), signers=[old])
    world.send(judging.commit(2, signer=new), signers=[new])
    account = judging.account
    assert account.state == State.COMMITTED
    assert {stage.provider for stage in account.stages[: account.stage_count]} == {owner.key}


def test_another_provider_s_operator_is_refused(judging: Judging) -> None:
    world = judging.opened().world
    operator = world.actor("operator")
    stakers.appoint(world, judging.heir, operator, 0)
    attempt = judging.commit(signer=operator)
    world.fails("Unauthorized", attempt, signers=[operator])
    own = judging.commit(owner=judging.heir, signer=operator)
    world.fails("NotLeaseholder", own, signers=[operator])


def test_newer_terms_do_not_govern_the_job(judging: Judging) -> None:
    world = judging.world
    queue(world)
    version = stakers.pool(world).terms + 1
    world.warp_to(terms_numbered(world, version).applies_slot - 1)
    judging.job = post_job(world, judging.buyer, judging.job.graph)
    claim(world, judging.provider, judging.job)
    judging.address = verdict.verdict_address(judging.job.address)
    judging.opened()
    kept = judging.terms
    newer = with_account(judging.commit(), kept, staking.terms_address(version))
    world.fails("WrongTerms", newer, signers=[judging.provider])
    world.send(applying(world))
    assert world.terms == staking.terms_address(version) != kept
    world.fails("WrongTerms", newer, signers=[judging.provider])
    world.send(judging.commit(), signers=[judging.provider])
    assert judging.account.terms == version - 1
