"""What the README names is there; tests/distributions runs its program."""

import re
from pathlib import Path

import pytest

import neurolov_client as client

README = (Path(client.__file__).parents[1] / "README.md").read_text("utf-8")
SECTION = README[README.index("## Python") : README.index("## TypeScript")]
PROSE = re.sub(r"```.*?```", "", SECTION, flags=re.DOTALL)
NAMES = ("WrongOwnerError", "WrongDiscriminatorError", "ShortDataError", "shard_of", "SHARDS")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_it_mentions_is_public(name: str) -> None:
    assert f"`{name}`" in PROSE or f"`{name}(" in PROSE
    assert name in client.__all__


def test_every_dotted_name_that_it_mentions_exists() -> None:
    dotted = set(re.findall(r"`([a-z_]+)\.(\w+)[`(.]", PROSE))
    ours = {(module, member) for module, member in dotted if module in client.__all__}
    assert ("job_registry", "job_address") in ours
    assert ("buying", "registration") in ours
    for module, member in ours:
        assert hasattr(getattr(client, module), member), f"{module}.{member}"
