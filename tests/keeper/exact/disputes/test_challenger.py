"""From wrong to proof on the chain: what is sent, what is not, and what a restart finds."""

from pathlib import Path

import pytest

from keeper.chain.errors import ProgramError
from keeper.exact.decisions.actions import SlashProvider
from keeper.exact.decisions.codes import Outcome
from keeper.exact.disputes import FIRST_BYTES, Challenge, EvidenceBuffer
from keeper.exact.roles.challenger import NothingWrongError, WrongElement
from keeper.exact.roles.context import Context
from keeper.exact.roles.transactions import instruction
from keeper.lab.market.marketplace import PROVIDERS
from keeper.node.errors import RoleError, TraceError
from neurolov_client import verdict
from tests.keeper.exact.disputes.lying import SALT, Watcher, committed, watcher, wide_product
from tests.keeper.exact.roles.rig import Rig, on_rig

LIE = 2
MOST_TRANSACTIONS = 12


async def slash(rig: Rig, by: Watcher) -> None:
    rig.bank.advance(rig.view.parameters.verdict.trap_slots + 1)
    view, signer = await rig.market.mirror.refresh(), by.key.pubkey()
    context = Context(signer, signer, view.mint, view.terms, rig.view)
    await by.submitter.submit("slash", [instruction(SlashProvider(rig.job), context)])
    await rig.market.mirror.refresh()


def outcome(rig: Rig) -> Outcome:
    assert rig.view.verdict is not None
    return rig.view.verdict.outcome


async def buffer_of(rig: Rig, by: Watcher, wrong: WrongElement) -> EvidenceBuffer:
    case = await by.traces.get(rig.view)
    evidence = case.evidence(wrong.operator, wrong.element)
    return EvidenceBuffer(by.key.pubkey(), rig.job, wrong.operator, wrong.element, evidence)


def test_a_watcher_finds_the_lie_proves_it_and_takes_its_rents_back(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        staked = rig.staked(PROVIDERS[0])
        by = watcher(rig, tmp_path / "watcher")
        case = await by.traces.fetch(rig.view)
        wrong = await by.challenger.suspect(rig.view, case)
        assert (wrong.operator, wrong.element) == (LIE, 0)
        assert wrong.expected ^ 1 == wrong.committed
        await by.challenger.prove(rig.view, case, wrong, SALT)
        await slash(rig, by)
        assert outcome(rig) is Outcome.FRAUD
        gateway = rig.market.services.gateway
        receipt = await gateway.fetch(verdict.Receipt, verdict.receipt_address(rig.job))
        assert receipt is not None
        assert receipt.challenger == by.key.pubkey()
        assert (receipt.expected, receipt.committed) == (wrong.expected, wrong.committed)
        assert rig.staked(PROVIDERS[0]) == staked - receipt.slashed < staked
        buffer = await buffer_of(rig, by, wrong)
        assert not await by.uploader.exists(buffer)
        ticket = verdict.ticket_address(rig.job, by.key.pubkey())
        assert await gateway.account(ticket) is None

    on_rig(tmp_path, story)


@pytest.mark.parametrize("size", [128, 512])
def test_a_dispute_of_4096_products_takes_at_most_twelve_transactions(
    tmp_path: Path, size: int
) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, 0)
        by = watcher(rig, tmp_path / "watcher")
        case = await by.traces.fetch(rig.view)
        wrong = await by.challenger.suspect(rig.view, case)
        before = len(by.sent())
        await by.challenger.prove(rig.view, case, wrong, SALT)
        await slash(rig, by)
        sent = by.sent()[before:]
        assert all(record.ok for record in sent)
        closing = 1
        assert len(sent) - closing <= MOST_TRANSACTIONS
        assert outcome(rig) is Outcome.FRAUD

    on_rig(tmp_path, story, wide_product(size=size))


def test_the_bounty_is_for_the_owner_whoever_signs(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        owner = rig.market.parties.owner("verifier 1")
        by = watcher(rig, tmp_path / "watcher", owner=owner)
        case = await by.traces.fetch(rig.view)
        wrong = await by.challenger.suspect(rig.view, case)
        await by.challenger.prove(rig.view, case, wrong, SALT)
        await slash(rig, by)
        gateway = rig.market.services.gateway
        receipt = await gateway.fetch(verdict.Receipt, verdict.receipt_address(rig.job))
        assert receipt is not None
        assert receipt.challenger == owner != by.key.pubkey()
        assert receipt.bounty > 0

    on_rig(tmp_path, story)


def test_nothing_wrong_costs_nothing(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig)
        by = watcher(rig, tmp_path / "watcher")
        before = by.sent()
        case = await by.traces.fetch(rig.view)
        with pytest.raises(NothingWrongError, match=r"every element of job .* is right"):
            await by.challenger.suspect(rig.view, case)
        with pytest.raises(
            NothingWrongError, match=r"element 3 of operator 1 is .*, as it must be"
        ):
            await by.challenger.examine(rig.view, case, 1, 3)
        with pytest.raises(TraceError, match="ElementOutOfRange"):
            await by.challenger.examine(rig.view, case, 1, 1 << 30)
        assert by.sent() == before

    on_rig(tmp_path, story)


def test_data_that_are_not_served_cannot_be_challenged(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        storage = rig.market.storages[PROVIDERS[0]]
        (index,) = storage.indexes.of_job(str(rig.job))
        storage.store.remove(index.outputs[1])
        by = watcher(rig, tmp_path / "watcher")
        before = by.sent()
        with pytest.raises(TraceError, match=r"operator 1 of job .* is not served"):
            await by.traces.fetch(rig.view)
        assert by.sent() == before

    on_rig(tmp_path, story)


def test_a_case_is_proven_after_the_provider_stopped_serving(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        folder = tmp_path / "watcher"
        await watcher(rig, folder).traces.fetch(rig.view)
        storage = rig.market.storages[PROVIDERS[0]]
        storage.indexes.remove(str(rig.job))
        restarted = watcher(rig, folder)
        case = await restarted.traces.get(rig.view)
        wrong = await restarted.challenger.examine(rig.view, case, LIE, 0)
        await restarted.challenger.prove(rig.view, case, wrong, SALT)
        await rig.market.mirror.refresh()
        assert outcome(rig) is Outcome.FRAUD

    on_rig(tmp_path, story)


def test_a_staging_that_was_killed_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, 0)
        by = watcher(rig, tmp_path / "watcher")
        case = await by.traces.fetch(rig.view)
        wrong = await by.challenger.examine(rig.view, case, 0, 0)
        buffer = await buffer_of(rig, by, wrong)
        rent = rig.bank.rent_exempt_minimum(buffer.space)
        pieces = list(buffer.pieces(FIRST_BYTES))
        writes = [buffer.write(*pieces[1]), buffer.write(pieces[2][0], b"torn")]
        for number, each in enumerate(
            [[buffer.create(rent), buffer.open()], *([w] for w in writes)]
        ):
            await by.submitter.submit(f"killed/{number}", each, compute_units=None)
        before = len(by.sent(buffer.address))
        await by.uploader.upload(buffer)
        missing = len(list(buffer.pieces())) - 1
        assert len(by.sent(buffer.address)) - before <= missing + 1
        raw = await rig.market.services.gateway.account(buffer.address)
        assert raw is not None
        assert bytes(raw.data)[112:] == buffer.body
        again = len(by.sent(buffer.address))
        await by.uploader.upload(buffer)
        assert len(by.sent(buffer.address)) == again

    on_rig(tmp_path, story, wide_product())


def test_what_another_plan_staged_is_taken_back_first(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        by = watcher(rig, tmp_path / "watcher")
        case = await by.traces.fetch(rig.view)
        evidence = case.evidence(LIE, 0)
        longer = EvidenceBuffer(by.key.pubkey(), rig.job, LIE, 0, evidence, tail_bytes=0)
        await by.uploader.upload(longer)
        wrong = await by.challenger.examine(rig.view, case, LIE, 0)
        buffer = await buffer_of(rig, by, wrong)
        assert buffer.address == longer.address
        await by.challenger.prove(rig.view, case, wrong, SALT)
        await rig.market.mirror.refresh()
        assert outcome(rig) is Outcome.FRAUD

    on_rig(tmp_path, story)


def test_a_proof_that_is_refused_gives_its_rents_back(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig)
        by = watcher(rig, tmp_path / "watcher")
        case = await by.traces.fetch(rig.view)
        slander = WrongElement(LIE, 0, expected=0, committed=1)
        before = rig.bank.account(by.key.pubkey())
        assert before is not None
        with pytest.raises(ProgramError, match="ElementIsRight"):
            await by.challenger.prove(rig.view, case, slander, SALT)
        after = rig.bank.account(by.key.pubkey())
        assert after is not None
        fees = sum(record.fee for record in by.sent())
        assert before.lamports - after.lamports <= fees
        assert not await by.uploader.exists(await buffer_of(rig, by, slander))

    on_rig(tmp_path, story)


def test_a_ticket_for_another_element_is_replaced(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        by = watcher(rig, tmp_path / "watcher")
        other = verdict.place_ticket(
            hash=bytes(32), challenger=by.key.pubkey(), beneficiary=by.key.pubkey(), job=rig.job
        )
        await by.submitter.submit("other ticket", [other])
        rig.bank.advance()
        case = await by.traces.fetch(rig.view)
        wrong = await by.challenger.suspect(rig.view, case)
        await by.challenger.prove(rig.view, case, wrong, SALT)
        await rig.market.mirror.refresh()
        assert outcome(rig) is Outcome.FRAUD

    on_rig(tmp_path, story)


def test_without_a_ballot_or_a_ticket_nobody_may_prove(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        by = watcher(rig, tmp_path / "watcher")
        case = await by.traces.fetch(rig.view)
        wrong = await by.challenger.suspect(rig.view, case)
        before = by.sent()
        with pytest.raises(RoleError, match=r"no ballot of .* rejects this element"):
            await by.challenger.prove(rig.view, case, wrong, None)
        assert by.sent() == before
        claim = Challenge(await buffer_of(rig, by, wrong), rig.view.job.graph, SALT)
        with pytest.raises(ProgramError, match="NoSuchBallot"):
            await by.uploader.prove(claim, ballot=0)
        await rig.market.mirror.refresh()
        assert outcome(rig) is Outcome.NONE

    on_rig(tmp_path, story)
