import json

import pytest

from keeper.cli.app import run
from kernels.runtime import list_adapters


def test_every_adapter_is_listed_by_the_name_that_selects_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["provider", "adapters", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["adapters"]
    assert [each["name"] for each in listed] == [each.name for each in list_adapters()]
    assert run(["provider", "adapters"]) == 0
    shown = capsys.readouterr().out
    assert all(each["name"] in shown for each in listed)


@pytest.mark.parametrize("share", ["0", "1", "-1", "half"])
def test_a_share_that_leaves_one_side_nothing_is_refused(
    share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["provider", "run", "--tasks", "--task-share", share]) == 2
    assert "--task-share" in capsys.readouterr().err
