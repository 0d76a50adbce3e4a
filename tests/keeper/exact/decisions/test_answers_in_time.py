"""A provider that executes long stages answers every question in time (attack C8 of the audit)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.exact.decisions.actions import AnswerQuestion, CommitStage, Execute, FetchWorkload
from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.exact.decisions.provider import (
    ComputedStage,
    ProviderSnapshot,
    Work,
    next_action,
    next_work,
)
from keeper.exact.decisions.state import JobSnapshot
from keeper.node.decisions.actions import Action, Wait
from keeper.node.decisions.clock import Clock
from tests.keeper.exact.decisions.views import (
    JOB,
    PROVIDER,
    availability,
    claimed,
    job,
    key,
    lease,
    stage,
    verdict,
    view,
)

LONG = key(77)
QUESTIONS = tuple((operator, 7) for operator in range(8))
STAGE_SLOTS = 75
LEASE_SLOTS = 150
ROOT = bytes([1] * 32)
# Eight operators, each of which fills a stage.
WORK = Work(tuple(STAGE_SLOTS * done for done in range(1, 9)))


def held(progress: int, renewed: int) -> JobSnapshot:
    committed = tuple(stage(PROVIDER, first, first + 1) for first in range(progress))
    return view(
        claimed(address=LONG, operators=8, progress=progress, lease=lease(expires=renewed + 150)),
        verdict(VerdictState.COMMITTING, stages=committed),
        None,
        PROVIDER,
    )


def asked(answered: int, deadline: int = 650) -> JobSnapshot:
    about = replace(availability(answered), deadline=deadline)
    judged = verdict(VerdictState.ANSWERING, availability=about)
    return view(job(JobState.COMMITTED), judged, None, PROVIDER)


def provider(*jobs: JobSnapshot, work: Work | None = WORK) -> ProviderSnapshot:
    return ProviderSnapshot(
        owner=PROVIDER,
        signer=PROVIDER,
        jobs=jobs,
        conditions=None,
        rate=1,
        work={} if work is None else {JOB: WORK, LONG: work},
        asked={JOB: QUESTIONS},
    )


@pytest.mark.parametrize("step_slots", [1, 4, 12])
def test_c8_a_long_job_neither_starves_answers_nor_is_starved_by_them(step_slots: int) -> None:
    """Eight stages of 75 slots each; the questions on an earlier job close after 150 slots."""
    slot, answered, progress, renewed = 503, 0, 0, 503
    work, running, done_at = WORK, frozenset[Action](), 0
    taken: list[tuple[int, str]] = []
    while progress < 8:
        if running and slot >= done_at:
            work = replace(work, computed=(ComputedStage(progress, progress + 1, ROOT),))
            running = frozenset()
        jobs = (held(progress, renewed), asked(answered))
        facts = replace(provider(*jobs, work=work), running=running)
        if (started := next_work(facts, Clock(slot))) is not None:
            assert started == Execute(LONG, progress, progress + 1)
            running, done_at = frozenset({started}), slot + STAGE_SLOTS
            continue
        match next_action(facts, Clock(slot)):
            case AnswerQuestion(question=question):
                answered |= 1 << question
                slot += step_slots
                assert slot <= 650 + step_slots
                taken.append((slot, "answered"))
            case CommitStage():
                slot += step_slots
                assert slot <= renewed + LEASE_SLOTS + step_slots
                progress, renewed = progress + 1, slot
                taken.append((slot, "committed"))
            case Wait():
                slot += 1
            case other:
                raise AssertionError(other)
    assert answered == 0b1111_1111
    assert [what for _, what in taken].count("committed") == 8
    assert max(at for at, what in taken if what == "answered") <= 650


@given(
    deadline=st.integers(503, 700),
    expires=st.integers(503, 700),
    executing=st.booleans(),
    computed=st.booleans(),
)
def test_what_runs_or_waits_to_run_changes_no_step(
    deadline: int, expires: int, executing: bool, computed: bool
) -> None:
    work = replace(WORK, computed=(ComputedStage(0, 1, ROOT),) if computed else ())
    long_job = held(0, expires - 150)
    facts = provider(long_job, asked(0, deadline), work=work)
    busy = replace(facts, running=frozenset({Execute(LONG, 0, 1)}) if executing else frozenset())
    step = next_action(busy, Clock(503))
    assert step == next_action(facts, Clock(503))
    answer = AnswerQuestion(JOB, 0, *QUESTIONS[0])
    if not computed:
        # Executing is no step: an answer that is due waits for none of it.
        assert step == answer
    elif expires < deadline and expires - 503 >= 8 * 4:
        assert step == CommitStage(LONG, 0, 1, ROOT)
    elif deadline <= expires and deadline - 503 >= 8 * 4:
        assert step == answer


def test_an_answer_that_costs_more_comes_before_a_lease_that_ends_at_the_same_time() -> None:
    work = replace(WORK, computed=(ComputedStage(0, 1, ROOT),))
    facts = provider(held(0, 500), asked(0, 650), work=work)
    assert next_action(facts, Clock(600)) == AnswerQuestion(JOB, 0, *QUESTIONS[0])
    # With one slot left only one of the two can land.
    assert next_action(facts, Clock(650)) == AnswerQuestion(JOB, 0, *QUESTIONS[0])


def test_the_workload_of_an_asked_job_is_read_beside_an_execution() -> None:
    facts = provider(held(0, 503), asked(0))
    restarted = replace(facts, work={LONG: WORK}, running=frozenset({Execute(LONG, 0, 1)}))
    assert next_work(restarted, Clock(503)) == FetchWorkload(JOB)
    reading = replace(restarted, running=restarted.running | {FetchWorkload(JOB)})
    assert next_work(reading, Clock(503)) is None
