"""Terms that change while jobs live: who applies them, and which ones decide."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.errors import ProgramError
from keeper.exact.decisions.actions import ApplyAuthority, ApplyTerms, Claim
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.crank import Queue
from keeper.exact.roles.mirror import View
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.marketplace import PROVIDERS
from keeper.node.buying.posting import POSTINGS, post
from keeper.node.decisions.clock import Clock
from neurolov_client import escrow, staking
from tests.keeper.exact.roles.rig import TERMS, Rig, on_rig

AUTHORITY = localnet_keypair("authority")
DEARER = replace(
    LOCALNET_PARAMETERS,
    escrow=replace(LOCALNET_PARAMETERS.escrow, fee_bps=1_000),
    job_registry=replace(LOCALNET_PARAMETERS.job_registry, kappa=30),
)


def queue(rig: Rig, parameters: staking.Parameters = DEARER) -> None:
    """Queues other terms; to be applied, they have to wait."""
    pool = staking.Pool.decode(raw(rig, staking.pool_address()), owner=staking.ID)
    queueing = staking.queue_terms(
        version=pool.terms + 1,
        parameters=parameters,
        authority=AUTHORITY.pubkey(),
        present=staking.terms_address(pool.terms),
        treasury=terms(rig, pool.terms).treasury,
    )
    execute(rig, queueing)


def execute(rig: Rig, *instructions: Instruction) -> None:
    rig.bank.airdrop(AUTHORITY.pubkey(), 10**10)
    record = rig.bank.execute(instructions, [AUTHORITY])
    assert record.ok, record.logs


def terms(rig: Rig, version: int) -> staking.Terms:
    return staking.Terms.decode(raw(rig, staking.terms_address(version)), owner=staking.ID)


def raw(rig: Rig, address: Pubkey) -> bytes:
    account = rig.bank.account(address)
    assert account is not None
    return bytes(account.data)


def view(rig: Rig) -> View:
    return rig.market.mirror.view


async def applied(rig: Rig) -> None:
    """Lets queued terms be applied by the crank, long after they were queued."""
    rig.bank.warp(terms(rig, view(rig).terms.version + 1).applies_slot)
    await rig.market.mirror.refresh()
    await rig.play([rig.crank], lambda: bool(rig.actions(ApplyTerms)))
    await rig.market.mirror.refresh()


def test_the_crank_applies_queued_terms_when_they_are_due(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        queue(rig)
        await rig.market.mirror.refresh()
        queued = view(rig).queue.terms
        assert queued is not None
        assert (queued.version, queued.applies_slot) == (1, terms(rig, 1).applies_slot)
        assert view(rig).terms.version == 0
        await applied(rig)
        assert view(rig).slot >= queued.applies_slot
        assert (view(rig).terms.version, view(rig).queue) == (1, Queue())
        assert view(rig).terms.parameters == DEARER
        assert terms(rig, 0).state == staking.TermsState.SUPERSEDED

    on_rig(tmp_path, story)


def test_terms_that_were_cancelled_are_not_applied(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        queue(rig)
        await rig.market.mirror.refresh()
        authority = AUTHORITY.pubkey()
        cancelling = staking.cancel_terms(
            signer=authority, authority=authority, terms=staking.terms_address(1)
        )
        execute(rig, cancelling)
        seen = view(rig)
        assert seen.queue.terms is not None
        clock = Clock(seen.queue.terms.applies_slot)
        seen.slot = clock.slot
        rig.bank.warp(clock.slot)
        # The crank has not seen yet that they are gone, and sets the refused step aside.
        assert rig.crank.decide(seen, (), clock) == ApplyTerms(1)
        with pytest.raises(ProgramError, match="AccountOwnedByWrongProgram"):
            await rig.crank.perform(ApplyTerms(1), seen)
        rig.crank.refused(ApplyTerms(1), seen)
        assert rig.crank.decide(seen, (), clock) != ApplyTerms(1)
        await rig.market.mirror.refresh()
        assert (view(rig).terms.version, view(rig).queue) == (0, Queue())

    on_rig(tmp_path, story)


def test_the_crank_completes_a_handover_of_the_authority(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        heir = localnet_keypair("heir")
        handing = staking.queue_authority(authority=AUTHORITY.pubkey(), new_authority=heir.pubkey())
        rig.bank.airdrop(AUTHORITY.pubkey(), 10**10)
        assert rig.bank.execute([handing], [AUTHORITY, heir]).ok
        await rig.market.mirror.refresh()
        due = view(rig).queue.authority_slot
        assert due is not None
        rig.bank.warp(due)
        await rig.play([rig.crank], lambda: bool(rig.actions(ApplyAuthority)))
        pool = staking.Pool.decode(raw(rig, staking.pool_address()), owner=staking.ID)
        assert pool.authority == heir.pubkey()

    on_rig(tmp_path, story)


def test_a_job_is_decided_by_its_terms_whatever_is_applied_meanwhile(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        before = await rig.balances()
        claimed = rig.provider()
        await rig.play([claimed], lambda: bool(rig.actions(Claim)))
        await applied_at_once(rig)
        later = await rig.post()
        assert (rig.view.job.terms, view(rig).jobs[later].job.terms) == (0, 1)
        assert rig.view.parameters == LOCALNET_PARAMETERS
        assert view(rig).jobs[later].parameters == DEARER
        other = rig.provider(PROVIDERS[1])
        everybody = [claimed, other, *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, lambda: rig.view.job.ended and view(rig).jobs[later].job.ended)
        for job, fee_bps in ((rig.job, 500), (later, 1_000)):
            ended = view(rig).jobs[job].job
            assert ended.state is JobState.SETTLED
            assert ended.lease is not None
            money = escrow.Escrow.decode(raw(rig, escrow.escrow_address(job)), owner=escrow.ID)
            assert money.fee == -(-ended.lease.price * fee_bps // 10_000)
        rig.buyer.keep.clear()
        await rig.play(everybody, lambda: not view(rig).jobs)
        after = await rig.balances()
        assert after.named[PROVIDERS[0]] + after.named[PROVIDERS[1]] > (
            before.named[PROVIDERS[0]] + before.named[PROVIDERS[1]]
        )

    on_rig(tmp_path, story)


async def applied_at_once(rig: Rig) -> None:
    """Makes other terms current within the slot, as if they had been queued long ago."""
    queue(rig)
    address = staking.terms_address(1)
    account = rig.bank.account(address)
    assert account is not None
    data = bytearray(account.data)
    at = staking.Terms.OFFSETS["applies_slot"]
    data[at : at + 8] = rig.slot.to_bytes(8, "little")
    rig.bank.set_account(address, type(account)(account.lamports, bytes(data), account.owner))
    execute(rig, staking.apply_terms(present=staking.terms_address(0), terms=address))
    await rig.market.mirror.refresh()


def test_a_posting_that_other_terms_overtake_is_sent_again(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        gateway, buyer = rig.market.services.gateway, rig.market.buyer
        fetching = gateway.account
        overtaken: list[int] = []

        async def overtake(address: Pubkey) -> object:
            account = await fetching(address)
            if address == staking.terms_address(0) and not overtaken:
                overtaken.append(0)
                await applied_at_once(rig)
            return account

        gateway.account = overtake  # type: ignore[method-assign, assignment]
        try:
            job = await rig.post()
        finally:
            gateway.account = fetching  # type: ignore[method-assign]
        assert overtaken == [0]
        assert view(rig).jobs[job].job.terms == 1
        assert view(rig).jobs[job].job.buyer == buyer.owner

    on_rig(tmp_path, story)


def test_a_posting_that_is_refused_for_good_is_not_sent_again(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        services, submitter = rig.market.services, rig.buyer.submitter
        built: list[int] = []

        def refused(_: Pubkey, current: staking.Terms) -> Sequence[Instruction]:
            built.append(current.version)
            return [staking.claim_rewards(owner=rig.buyer.owner, destination=rig.buyer.owner)]

        with pytest.raises(ProgramError) as failure:
            await post(services.gateway, submitter, "post/nothing", refused)
        assert failure.value.name != "WrongTerms"
        assert built == [0]

        def outdated(_: Pubkey, current: staking.Terms) -> Sequence[Instruction]:
            built.append(current.version)
            zero = staking.terms_address(0)
            return [staking.apply_terms(present=zero, terms=zero)]

        with pytest.raises(ProgramError, match="WrongTerms"):
            await post(services.gateway, submitter, "post/outdated", outdated)
        assert len(built) == 1 + POSTINGS

    on_rig(tmp_path, story)


def test_the_offer_of_the_rig_is_within_the_floors() -> None:
    judge = LOCALNET_PARAMETERS.verdict
    rent = -(-judge.ballot_exposure * judge.ballot_rent_bps // 10_000)
    assert TERMS.verification_fee >= rent
