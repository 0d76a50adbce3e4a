"""Our codec and anchorpy's agree on every instruction, event and account of every program."""

from importlib import import_module

import pytest
from anchorpy.coder.coder import Coder
from anchorpy.program.common import NamedInstruction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from idl.generation.outputs import schemas
from idl.generation.rendering.source import identifier
from idl.generation.schema import Defined, InstructionSchema, ProgramSchema, Tagged
from neurolov_client import anchor
from tests.idl.values import plain, typed

PROGRAMS = {each.name: each for each in schemas()}
MODULES = {name: import_module(f"neurolov_client.bindings.{name}") for name in PROGRAMS}
CODERS = {name: Coder(anchor.idl(name)) for name in PROGRAMS}
few = settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.large_base_example, HealthCheck.too_slow],
)


def cases(section: str) -> list[object]:
    """Returns each instruction, account or event beside its program, under its name."""
    return [
        pytest.param(program, each, id=f"{program.name}.{each.name}")
        for program in PROGRAMS.values()
        for each in getattr(program, section)
    ]


@pytest.mark.parametrize(("program", "instruction"), cases("instructions"))
@few
@given(data=st.data())
def test_both_write_the_same_instruction(
    program: ProgramSchema, instruction: InstructionSchema, data: st.DataObject
) -> None:
    values = {each.name: data.draw(plain(program, each.type)) for each in instruction.arguments}
    module = MODULES[program.name]
    ours = module.INSTRUCTIONS[instruction.name].encode(
        **{
            identifier(each.name): typed(program, module, each.type, values[each.name])
            for each in instruction.arguments
        }
    )
    named = NamedInstruction(data=values, name=instruction.name)
    assert ours == CODERS[program.name].instruction.build(named)


@pytest.mark.parametrize(("program", "account"), cases("accounts"))
@few
@given(data=st.data())
def test_an_account_that_anchorpy_writes_is_read(
    program: ProgramSchema, account: Tagged, data: st.DataObject
) -> None:
    kind, module = Defined(account.name), MODULES[program.name]
    value = data.draw(plain(program, kind))
    written = CODERS[program.name].accounts.build(NamedInstruction(data=value, name=account.name))
    found = getattr(module, account.name).decode(written)
    assert found == typed(program, module, kind, value)


@pytest.mark.parametrize(("program", "event"), cases("events"))
@few
@given(data=st.data())
def test_an_event_that_anchorpy_writes_is_read(
    program: ProgramSchema, event: Tagged, data: st.DataObject
) -> None:
    kind, module = Defined(event.name), MODULES[program.name]
    value = data.draw(plain(program, kind))
    written = event.discriminator + CODERS[program.name].events.layouts[event.name].build(value)
    assert getattr(module, event.name).decode(written) == typed(program, module, kind, value)
