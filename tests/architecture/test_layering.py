"""The rooms of the repository, and which of them each may import."""

from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.imports import Import, cycle, imported, imports_between, room, rooms

REPOSITORY: Final = Path(__file__).parents[2]
SHIPPED: Final = ("neurolov_client", "kernels", "keeper")
LAB: Final = "keeper/lab"

# Room -> the rooms that it may import. A new room gets a row of its own.
ALLOWED: Final[dict[str, set[str]]] = {
    "neurolov_client": set(),
    # kernels: from what every layer stands on to what is built of graphs
    "kernels": set(),
    "kernels/codes": set(),
    "kernels/scan": set(),
    "kernels/tuning": set(),
    "kernels/trace": {"kernels/codes"},
    "kernels/descriptor": {"kernels/codes", "kernels/trace"},
    "kernels/exact": {"kernels/codes", "kernels/descriptor", "kernels/scan", "kernels/trace"},
    "kernels/generate": {"kernels/descriptor", "kernels/exact"},
    "kernels/graph": {"kernels/codes", "kernels/descriptor", "kernels/exact", "kernels/trace"},
    "kernels/evidence": {
        "kernels/codes",
        "kernels/descriptor",
        "kernels/exact",
        "kernels/graph",
        "kernels/trace",
    },
    "kernels/training": {"kernels/codes", "kernels/graph", "kernels/trace"},
    "kernels/runtime": {
        "kernels/codes",
        "kernels/exact",
        "kernels/graph",
        "kernels/trace",
        "kernels/tuning",
    },
    "kernels/custom": {"kernels", "kernels/runtime"},
    "kernels/floating": {"kernels/runtime", "kernels/tuning"},
    "kernels/onnx": {
        "kernels/codes",
        "kernels/custom",
        "kernels/exact",
        "kernels/graph",
        "kernels/runtime",
        "kernels/scan",
        "kernels/trace",
    },
    "kernels/models": {"kernels/graph", "kernels/onnx", "kernels/trace"},
    # keeper: what every role stands on
    "keeper": set(),
    "keeper/amounts": set(),
    "keeper/errors": set(),
    "keeper/locks": set(),
    "keeper/files": {"keeper/locks"},
    "keeper/telemetry": set(),
    "keeper/data": {"neurolov_client", "keeper/errors", "keeper/files", "keeper/locks"},
    "keeper/journal": {"keeper/errors", "keeper/locks"},
    "keeper/configuration": {"keeper/errors", "keeper/files", "keeper/telemetry"},
    "keeper/chain": {
        "neurolov_client",
        "keeper/amounts",
        "keeper/configuration",
        "keeper/errors",
        "keeper/journal",
        "keeper/locks",
    },
    "keeper/compute": {
        "keeper/configuration",
        "keeper/errors",
        "keeper/telemetry",
        "kernels/graph",
        "kernels/runtime",
        "kernels/trace",
    },
    "keeper/scheduling": {"keeper/compute", "keeper/errors", "kernels/graph", "kernels/trace"},
    "keeper/node": {
        "neurolov_client",
        "keeper/amounts",
        "keeper/chain",
        "keeper/compute",
        "keeper/configuration",
        "keeper/data",
        "keeper/errors",
        "keeper/files",
        "keeper/journal",
        "keeper/locks",
        "keeper/telemetry",
    },
    # keeper: the two classes of work side by side, and what is built on them
    "keeper/exact": {
        "neurolov_client",
        "keeper/amounts",
        "keeper/chain",
        "keeper/compute",
        "keeper/configuration",
        "keeper/data",
        "keeper/errors",
        "keeper/files",
        "keeper/node",
        "keeper/scheduling",
        "keeper/telemetry",
        "kernels/evidence",
        "kernels/graph",
        "kernels/runtime",
        "kernels/trace",
    },
    "keeper/tolerant": {
        "neurolov_client",
        "keeper/amounts",
        "keeper/chain",
        "keeper/compute",
        "keeper/configuration",
        "keeper/data",
        "keeper/errors",
        "keeper/files",
        "keeper/node",
        "keeper/telemetry",
        "kernels/custom",
        "kernels/runtime",
        "kernels/trace",
    },
    "keeper/record": {
        "neurolov_client",
        "keeper/chain",
        "keeper/errors",
        "keeper/exact",
        "keeper/node",
        "keeper/tolerant",
    },
    "keeper/training": {
        "keeper/chain",
        "keeper/compute",
        "keeper/data",
        "keeper/errors",
        "keeper/exact",
        "keeper/node",
        "kernels/codes",
        "kernels/graph",
        "kernels/trace",
        "kernels/training",
    },
    "keeper/cli": {
        "neurolov_client",
        "keeper/amounts",
        "keeper/chain",
        "keeper/compute",
        "keeper/configuration",
        "keeper/data",
        "keeper/errors",
        "keeper/exact",
        "keeper/files",
        "keeper/journal",
        "keeper/node",
        "keeper/record",
        "keeper/scheduling",
        "keeper/telemetry",
        "keeper/tolerant",
        "keeper/training",
        "kernels/custom",
        "kernels/graph",
        "kernels/onnx",
        "kernels/runtime",
        "kernels/trace",
    },
    "keeper/__main__": {"keeper/cli"},
}

# What tests of the node may use of the lab: a cluster and a marketplace, no command or benchmark.
SHARED_WITH_TESTS: Final = ("keeper.lab.keys", "keeper.lab.localnet", "keeper.lab.market")


def _edges() -> list[Import]:
    return imports_between(REPOSITORY, SHIPPED)


def test_every_room_has_a_row_and_every_row_a_room() -> None:
    assert rooms(REPOSITORY, SHIPPED) == ALLOWED.keys() | {LAB}


def test_a_room_imports_only_what_its_row_allows() -> None:
    refused = [
        f"{each.path}: {each.source} may not import {each.target}"
        for each in _edges()
        if each.source != LAB and each.target not in ALLOWED[each.source]
    ]
    assert refused == []


def test_the_table_allows_no_cycle() -> None:
    assert cycle(ALLOWED) == []


def test_nothing_shipped_imports_the_lab() -> None:
    assert [each.path for each in _edges() if each.target == LAB] == []
    assert not any(LAB in allowed for allowed in ALLOWED.values())


def test_the_tests_of_the_node_use_only_the_labs_cluster_and_marketplace() -> None:
    folder = REPOSITORY / "tests" / "keeper"
    refused = [
        f"{path.relative_to(REPOSITORY)} imports {name}"
        for path in sorted(folder.rglob("*.py"))
        if not path.is_relative_to(folder / "lab")
        for name in imported(path, ".".join(path.relative_to(REPOSITORY).with_suffix("").parts))
        if name.startswith("keeper.lab.") and not name.startswith(SHARED_WITH_TESTS)
    ]
    assert refused == []


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("import keeper.cli.app", "keeper/cli"),
        ("from keeper import cli", "keeper/cli"),
        ("from keeper.cli import app", "keeper/cli"),
        ("from ..cli.app import run", "keeper/cli"),
        ("from .. import cli", "keeper/cli"),
        ("def later():\n    from keeper.cli import app", "keeper/cli"),
        ("import neurolov_client", "neurolov_client"),
    ],
)
def test_no_form_of_import_goes_unseen(tmp_path: Path, source: str, target: str) -> None:
    file = tmp_path / "keeper" / "data" / "store.py"
    file.parent.mkdir(parents=True)
    file.write_text(source, "utf-8")
    assert imports_between(tmp_path, SHIPPED) == [
        Import("keeper/data", target, "keeper/data/store.py")
    ]


def test_what_stays_in_a_room_or_comes_from_outside_is_no_edge(tmp_path: Path) -> None:
    file = tmp_path / "keeper" / "data" / "__init__.py"
    file.parent.mkdir(parents=True)
    file.write_text("import numpy\nfrom . import store\nfrom keeper.data.files import x", "utf-8")
    assert imports_between(tmp_path, SHIPPED) == []
    assert room("kernels.exact.matmul.operator") == "kernels/exact"
    assert rooms(tmp_path, SHIPPED) == {"keeper/data"}


def test_a_cycle_is_named_room_by_room() -> None:
    edges = defaultdict(set, {"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"b"}})
    assert cycle(edges) == ["b", "d", "b"]
    assert cycle({"a": {"b"}, "b": set()}) == []
