"""Operation ids: the same for the same action for good, and different for different actions."""

from dataclasses import dataclass, fields
from inspect import getmembers, isclass
from typing import Any, ClassVar

import pytest
from solders.pubkey import Pubkey

from keeper.exact.decisions import actions as of_jobs
from keeper.node.decisions.actions import Action
from keeper.tolerant.decisions import actions as of_tasks

JOB, OTHER = (Pubkey.from_bytes(bytes([number] * 32)) for number in (1, 2))
ROOT = bytes(range(32))


def kinds() -> list[type[Action]]:
    """Every action that a role can decide on."""
    return [
        each
        for module in (of_jobs, of_tasks)
        for _, each in getmembers(module, isclass)
        if issubclass(each, Action) and "kind" in vars(each)
    ]


def example(kind: type[Action], number: int, subject: Pubkey = JOB) -> Action:
    values: dict[str, Any] = {"Pubkey": subject, "int": number, "bool": bool(number), "bytes": ROOT}
    given = {
        each.name: values[each.type if isinstance(each.type, str) else each.type.__name__]
        for each in fields(kind)
    }
    return kind(**given)


def test_every_action_has_a_kind_of_its_own() -> None:
    named = [each.kind for each in kinds()]
    assert len(named) > 40
    assert len(set(named)) == len(named)


def test_an_id_is_made_of_kind_subject_and_fields() -> None:
    assert of_jobs.CommitStage(JOB, 2, 5, ROOT).operation == (
        f"commit-stage first=2 job={JOB} last=5 root={ROOT.hex()}"
    )
    assert of_jobs.TakeSnapshot(7).operation == "take-snapshot epoch=7"
    assert of_tasks.TellAgreement(JOB, 5).operation == f"tell-agreement agrees=5 task={JOB}"


def test_renaming_a_class_does_not_change_the_id() -> None:
    @dataclass(frozen=True, slots=True)
    class Renamed(of_jobs.JobAction):
        kind: ClassVar[str] = of_jobs.Execute.kind
        first: int
        last: int

    assert Renamed(JOB, 1, 2).operation == of_jobs.Execute(JOB, 1, 2).operation


def test_reordering_fields_does_not_change_the_id() -> None:
    @dataclass(frozen=True, slots=True)
    class Reordered(of_jobs.JobAction):
        kind: ClassVar[str] = of_jobs.Execute.kind
        last: int
        first: int

    assert Reordered(JOB, last=2, first=1).operation == of_jobs.Execute(JOB, 1, 2).operation


def test_a_field_that_is_added_with_a_default_changes_the_id_only_when_it_is_set() -> None:
    @dataclass(frozen=True, slots=True)
    class Extended(of_jobs.JobAction):
        kind: ClassVar[str] = of_jobs.Execute.kind
        first: int
        last: int
        again: bool = False

    plain = of_jobs.Execute(JOB, 1, 2).operation
    assert Extended(JOB, 1, 2).operation == plain
    assert Extended(JOB, 1, 2, again=True).operation != plain


def test_distinct_actions_have_distinct_ids() -> None:
    made = {
        example(kind, number, subject)
        for kind in kinds()
        for number in range(3)
        for subject in (JOB, OTHER)
    }
    assert len({action.operation for action in made}) == len(made)


def test_fields_do_not_run_into_each_other() -> None:
    assert of_jobs.Execute(JOB, 1, 12).operation != of_jobs.Execute(JOB, 11, 2).operation


def test_a_value_whose_text_might_change_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Vague(Action):
        kind: ClassVar[str] = "vague"
        amount: float

    with pytest.raises(TypeError, match="float is not part of an operation id"):
        _ = Vague(1.5).operation
