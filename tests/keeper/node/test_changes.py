"""What events and reads say has to be read next."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from keeper.node.changes import Changes, Counter, Notice

A, B = (Pubkey.from_bytes(bytes([number] * 32)) for number in (1, 2))
PROGRAM = "job_registry"


def counter(subject: Pubkey) -> Counter:
    return PROGRAM, subject


def told(subject: Pubkey, sequence: int) -> Notice:
    return Notice(subject, counter(subject), sequence)


def swept(held: dict[Pubkey, int], during: Iterable[Notice] = ()) -> Changes:
    changes = Changes()
    changes.begin_sweep()
    for notice in during:
        changes.observe(notice)
    changes.swept({counter(subject): sequence for subject, sequence in held.items()})
    return changes


def due(changes: Changes) -> tuple[bool, bool, frozenset[Pubkey]]:
    """Whether a sweep is due, whether an update is, and of which subjects."""
    sweep, update = changes.sweep_due, changes.update_due
    return sweep, update, changes.begin()


NOTHING: tuple[bool, bool, frozenset[Pubkey]] = (False, False, frozenset())


def test_at_the_start_everything_is_due() -> None:
    assert Changes().sweep_due


def test_after_a_sweep_nothing_is_due() -> None:
    assert due(swept({A: 3})) == NOTHING


def test_the_next_event_of_an_account_asks_for_its_subject_alone() -> None:
    changes = swept({A: 3, B: 1})
    changes.observe(told(A, 4))
    assert due(changes) == (False, True, frozenset({A}))


def test_the_first_event_of_a_new_account_is_no_gap() -> None:
    changes = swept({A: 3})
    changes.observe(told(B, 1))
    assert due(changes) == (False, True, frozenset({B}))


def test_an_event_that_the_sweep_has_shown_asks_for_nothing() -> None:
    changes = swept({A: 3})
    changes.observe(told(A, 2))
    changes.observe(told(A, 3))
    assert due(changes) == NOTHING


def test_a_duplicate_asks_for_nothing_once_it_was_read() -> None:
    changes = swept({A: 3})
    changes.observe(told(A, 4))
    subjects = changes.begin()
    changes.updated(subjects, {counter(A): 4})
    changes.observe(told(A, 4))
    assert due(changes) == NOTHING


def test_a_missed_event_asks_for_everything() -> None:
    changes = swept({A: 3, B: 1})
    changes.observe(told(A, 5))
    assert changes.sweep_due


def test_reordered_events_ask_for_everything() -> None:
    changes = swept({A: 3})
    changes.observe(told(A, 5))
    changes.observe(told(A, 4))
    assert changes.sweep_due


def test_a_late_event_of_an_unknown_account_asks_for_everything() -> None:
    changes = swept({A: 3})
    changes.observe(told(B, 2))
    assert changes.sweep_due


def test_lost_events_ask_for_everything() -> None:
    changes = swept({A: 3})
    changes.missed()
    assert changes.sweep_due


def test_an_event_without_a_counter_asks_for_the_shared_accounts() -> None:
    changes = swept({A: 3})
    changes.observe(Notice(None, None, 9))
    assert due(changes) == (False, True, frozenset())
    changes.observe(Notice(A, None, 9))
    assert due(changes) == (False, True, frozenset({A}))


def test_an_event_during_a_read_asks_for_another() -> None:
    changes = swept({A: 3})
    changes.observe(told(A, 4))
    subjects = changes.begin()
    changes.observe(told(A, 5))
    changes.updated(subjects, {counter(A): 4})
    assert due(changes) == (False, True, frozenset({A}))


def test_an_event_during_a_sweep_asks_for_another_read() -> None:
    changes = swept({A: 3}, during=[told(A, 1)])
    assert due(changes) == (False, True, frozenset({A}))


def test_a_gap_during_a_sweep_asks_for_another_sweep() -> None:
    assert swept({A: 3}, during=[told(A, 5)]).sweep_due


def test_an_account_that_is_gone_was_closed() -> None:
    changes = swept({A: 3, B: 1})
    changes.observe(told(A, 4))
    changes.updated(changes.begin(), {})
    assert due(changes) == NOTHING
    changes.observe(told(B, 2))
    assert due(changes) == (False, True, frozenset({B}))


def test_a_read_that_is_behind_an_event_asks_for_everything() -> None:
    changes = swept({A: 3})
    changes.observe(told(A, 4))
    changes.updated(changes.begin(), {counter(A): 3})
    assert changes.sweep_due


def test_a_new_account_that_the_node_does_not_have_yet_asks_for_everything() -> None:
    changes = swept({A: 3})
    changes.observe(told(B, 1))
    changes.updated(changes.begin(), {})
    assert changes.sweep_due


def test_a_failed_read_stays_due() -> None:
    changes = swept({A: 3})
    changes.observe(told(A, 4))
    changes.failed(changes.begin())
    assert due(changes) == (False, True, frozenset({A}))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_whatever_is_lost_doubled_or_reordered_a_told_change_is_read(data: st.DataObject) -> None:
    """Of an account whose latest event arrived, the view holds the latest state."""
    chain = {A: 3, B: 1}
    changes, view = swept(chain), dict(chain)
    sent: list[Notice] = []
    for subject in data.draw(st.lists(st.sampled_from([A, B]), min_size=1, max_size=8)):
        chain[subject] += 1
        sent.append(told(subject, chain[subject]))
    arriving = data.draw(st.lists(st.sampled_from(sent), max_size=12))
    for notice in arriving:
        changes.observe(notice)
        if data.draw(st.booleans()):
            _read(changes, chain, view)
    _read(changes, chain, view)
    for subject, sequence in chain.items():
        if told(subject, sequence) in arriving:
            assert view[subject] == sequence
    assert due(changes) == NOTHING


def _read(changes: Changes, chain: dict[Pubkey, int], view: dict[Pubkey, int]) -> None:
    """What a mirror does at a poll."""
    if changes.sweep_due:
        changes.begin_sweep()
        view |= chain
        changes.swept({counter(subject): held for subject, held in view.items()})
    elif changes.update_due:
        subjects = changes.begin()
        view |= {subject: chain[subject] for subject in subjects}
        changes.updated(subjects, {counter(subject): view[subject] for subject in subjects})
