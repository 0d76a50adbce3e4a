"""From suspicion to proof on the chain: what is sent, what is not, and what a restart finds."""

from pathlib import Path

import pytest

from idl.client import verdict
from keeper.chain.errors import ProgramError
from keeper.exact.decisions.actions import SlashProvider
from keeper.exact.decisions.codes import Outcome
from keeper.exact.disputes import FIRST_BYTES, EvidenceBuffer
from keeper.exact.roles.challenger import NothingWrongError, WrongElement
from keeper.exact.roles.transactions import Context, instruction
from keeper.lab.market.marketplace import PROVIDERS
from keeper.node.errors import TraceError
from tests.keeper.exact.disputes.lying import SALT, Watcher, committed, watcher, wide_product
from tests.keeper.exact.roles.stage import Stage, on_stage

LIE = 2
MOST_TRANSACTIONS = 12


async def slash(stage: Stage, by: Watcher) -> None:
    rules = stage.market.mirror.view.rules
    stage.bank.advance(rules.verdict.trap_slots + 1)
    await stage.market.mirror.refresh()
    context = Context(by.key.pubkey(), rules.mint, rules.treasury, stage.view)
    await by.submitter.submit("slash", [instruction(SlashProvider(stage.job), context)])
    await stage.market.mirror.refresh()


def outcome(stage: Stage) -> Outcome:
    assert stage.view.verdict is not None
    return stage.view.verdict.outcome


async def buffer_of(stage: Stage, by: Watcher, suspicion: WrongElement) -> EvidenceBuffer:
    case = await by.traces.get(stage.view)
    evidence = case.evidence(suspicion.operator, suspicion.element)
    return EvidenceBuffer(
        by.key.pubkey(), stage.job, suspicion.operator, suspicion.element, evidence
    )


def test_a_watcher_finds_the_lie_proves_it_and_takes_its_rents_back(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, LIE)
        staked = stage.staked(PROVIDERS[0])
        by = watcher(stage, tmp_path / "watcher")
        case = await by.traces.fetch(stage.view)
        suspicion = await by.challenger.suspect(stage.view, case)
        assert (suspicion.operator, suspicion.element) == (LIE, 0)
        assert suspicion.expected ^ 1 == suspicion.committed
        await by.challenger.prove(stage.view, case, suspicion, SALT)
        await slash(stage, by)
        assert outcome(stage) is Outcome.FRAUD
        gateway = stage.market.services.gateway
        receipt = await gateway.fetch(verdict.Receipt, verdict.receipt_address(stage.job))
        assert receipt is not None
        assert receipt.challenger == by.key.pubkey()
        assert (receipt.expected, receipt.committed) == (suspicion.expected, suspicion.committed)
        assert stage.staked(PROVIDERS[0]) == staked - receipt.slashed < staked
        buffer = await buffer_of(stage, by, suspicion)
        assert not await by.uploader.exists(buffer)
        ticket = verdict.ticket_address(stage.job, by.key.pubkey())
        assert await gateway.account(ticket) is None

    on_stage(tmp_path, story)


@pytest.mark.parametrize("size", [128, 512])
def test_a_dispute_of_4096_products_takes_at_most_twelve_transactions(
    tmp_path: Path, size: int
) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, 0)
        by = watcher(stage, tmp_path / "watcher")
        case = await by.traces.fetch(stage.view)
        suspicion = await by.challenger.suspect(stage.view, case)
        before = len(by.sent())
        await by.challenger.prove(stage.view, case, suspicion, SALT)
        await slash(stage, by)
        sent = by.sent()[before:]
        assert all(record.ok for record in sent)
        closing = 1
        assert len(sent) - closing <= MOST_TRANSACTIONS
        assert outcome(stage) is Outcome.FRAUD

    on_stage(tmp_path, story, wide_product(size=size))


def test_nothing_wrong_costs_nothing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage)
        by = watcher(stage, tmp_path / "watcher")
        before = by.sent()
        case = await by.traces.fetch(stage.view)
        with pytest.raises(NothingWrongError, match=r"every element of job .* is right"):
            await by.challenger.suspect(stage.view, case)
        with pytest.raises(
            NothingWrongError, match=r"element 3 of operator 1 is .*, as it must be"
        ):
            await by.challenger.examine(stage.view, case, 1, 3)
        with pytest.raises(TraceError, match="ElementOutOfRange"):
            await by.challenger.examine(stage.view, case, 1, 1 << 30)
        assert by.sent() == before

    on_stage(tmp_path, story)


def test_data_that_are_not_served_cannot_be_challenged(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, LIE)
        storage = stage.market.storages[PROVIDERS[0]]
        (index,) = storage.indexes.of_job(str(stage.job))
        storage.store.remove(index.outputs[1])
        by = watcher(stage, tmp_path / "watcher")
        before = by.sent()
        with pytest.raises(TraceError, match=r"operator 1 of job .* is not served"):
            await by.traces.fetch(stage.view)
        assert by.sent() == before

    on_stage(tmp_path, story)


def test_a_case_is_proven_after_the_provider_stopped_serving(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, LIE)
        folder = tmp_path / "watcher"
        await watcher(stage, folder).traces.fetch(stage.view)
        storage = stage.market.storages[PROVIDERS[0]]
        storage.indexes.remove(str(stage.job))
        restarted = watcher(stage, folder)
        case = await restarted.traces.get(stage.view)
        suspicion = await restarted.challenger.examine(stage.view, case, LIE, 0)
        await restarted.challenger.prove(stage.view, case, suspicion, SALT)
        await stage.market.mirror.refresh()
        assert outcome(stage) is Outcome.FRAUD

    on_stage(tmp_path, story)


def test_a_staging_that_was_killed_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, 0)
        by = watcher(stage, tmp_path / "watcher")
        case = await by.traces.fetch(stage.view)
        suspicion = await by.challenger.examine(stage.view, case, 0, 0)
        buffer = await buffer_of(stage, by, suspicion)
        rent = stage.bank.rent_exempt_minimum(buffer.space)
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
        raw = await stage.market.services.gateway.account(buffer.address)
        assert raw is not None
        assert bytes(raw.data)[112:] == buffer.body
        again = len(by.sent(buffer.address))
        await by.uploader.upload(buffer)
        assert len(by.sent(buffer.address)) == again

    on_stage(tmp_path, story, wide_product())


def test_what_another_plan_staged_is_taken_back_first(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, LIE)
        by = watcher(stage, tmp_path / "watcher")
        case = await by.traces.fetch(stage.view)
        evidence = case.evidence(LIE, 0)
        longer = EvidenceBuffer(by.key.pubkey(), stage.job, LIE, 0, evidence, tail_bytes=0)
        await by.uploader.upload(longer)
        suspicion = await by.challenger.examine(stage.view, case, LIE, 0)
        buffer = await buffer_of(stage, by, suspicion)
        assert buffer.address == longer.address
        await by.challenger.prove(stage.view, case, suspicion, SALT)
        await stage.market.mirror.refresh()
        assert outcome(stage) is Outcome.FRAUD

    on_stage(tmp_path, story)


def test_a_proof_that_is_refused_gives_its_rents_back(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage)
        by = watcher(stage, tmp_path / "watcher")
        case = await by.traces.fetch(stage.view)
        slander = WrongElement(LIE, 0, expected=0, committed=1)
        before = stage.bank.account(by.key.pubkey())
        assert before is not None
        with pytest.raises(ProgramError, match="ElementIsRight"):
            await by.challenger.prove(stage.view, case, slander, SALT)
        after = stage.bank.account(by.key.pubkey())
        assert after is not None
        fees = sum(record.fee for record in by.sent())
        assert before.lamports - after.lamports <= fees
        assert not await by.uploader.exists(await buffer_of(stage, by, slander))

    on_stage(tmp_path, story)


def test_a_ticket_for_another_element_is_replaced(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, LIE)
        by = watcher(stage, tmp_path / "watcher")
        other = verdict.place_ticket(hash=bytes(32), challenger=by.key.pubkey(), job=stage.job)
        await by.submitter.submit("other ticket", [other])
        stage.bank.advance()
        case = await by.traces.fetch(stage.view)
        suspicion = await by.challenger.suspect(stage.view, case)
        await by.challenger.prove(stage.view, case, suspicion, SALT)
        await stage.market.mirror.refresh()
        assert outcome(stage) is Outcome.FRAUD

    on_stage(tmp_path, story)


def test_without_a_ballot_or_a_ticket_nobody_may_prove(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await committed(stage, LIE)
        by = watcher(stage, tmp_path / "watcher")
        case = await by.traces.fetch(stage.view)
        suspicion = await by.challenger.suspect(stage.view, case)
        with pytest.raises(ProgramError, match="NotEntitled"):
            await by.challenger.prove(stage.view, case, suspicion, None)
        await stage.market.mirror.refresh()
        assert outcome(stage) is Outcome.NONE

    on_stage(tmp_path, story)
