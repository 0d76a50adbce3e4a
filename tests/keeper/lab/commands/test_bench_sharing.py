import json

import pytest

from keeper.cli.app import run


def test_two_and_four_tenants_of_different_sizes_share_fairly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = run(["bench", "sharing", "--seconds", "0.3", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {
        *("adapter", "slice_macs", "fairness", "two", "four", "unequal_weights")
    }
    assert [len(document[name]["tenants"]) for name in ("two", "four")] == [2, 4]
    sizes = [each["job_macs"] for each in document["four"]["tenants"]]
    assert len(set(sizes)) == 4
    assert all(each["jobs"] > 0 for each in document["four"]["tenants"])
    assert status == (0 if document["fairness"] >= 0.95 else 1)
    heavy, light = document["unequal_weights"]["tenants"]
    assert heavy["device_seconds"] > light["device_seconds"]
