"""Two hundred hostile sources: none hangs the keeper, kills it, or sees another tenant's data."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kernels.custom import KernelPackage, PackageError, RunError, RunLimits, run_package
from kernels.custom.runner import child_environment
from kernels.custom.validation import validate
from kernels.runtime import Adapter
from tests.kernels.custom.examples import alone
from tests.kernels.custom.hostile import (
    FAMILIES,
    FAMILY_SIZE,
    OUTPUT_BYTES,
    Hostile,
    hostile_sources,
)

SEED = 33
SECONDS = 1.5
CANARY = 0xC0FFEE11
# Leaves its canary in storage, workgroup, private and function memory.
TENANT = alone(
    f"var local: array<u32, 512>; for (var i = 0u; i < 512u; i++) {{ own[i] = {CANARY}u; "
    f"local[i] = own[i]; shared_words[i] = local[i]; y[i] = shared_words[i]; }}",
    size=2048,
    before="var<workgroup> shared_words: array<u32, 512>; var<private> own: array<u32, 512>;",
)


def passing() -> list[Hostile]:
    found = []
    for hostile in hostile_sources(SEED):
        try:
            validate(hostile.package)
        except PackageError:
            continue
        found.append(hostile)
    return found


def test_two_hundred_hostile_sources_are_made_and_most_never_reach_a_compiler() -> None:
    every = list(hostile_sources(SEED))
    passed = Counter(each.family for each in passing())
    assert len({each.source for each in every}) > 150
    assert len(every) == len(FAMILIES) * FAMILY_SIZE == 200
    assert not passed.keys() & {family for family, (_, refused) in FAMILIES.items() if refused}
    assert passed.total() < 120


def outcomes(adapter: Adapter, packages: Sequence[KernelPackage]) -> Iterator[dict[str, Any]]:
    """Yields one outcome per package and starts a new process only when one dies."""
    while packages:
        request = [adapter.name, str(SECONDS), TENANT.canonical.decode()]
        request += [package.canonical.decode() for package in packages]
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "tests.kernels.custom.warm_child"],
            input="\n".join(request).encode(),
            capture_output=True,
            env=child_environment(),
            timeout=100,
            check=False,
        )
        told = [json.loads(line) for line in ended.stdout.splitlines()]
        yield from told
        if len(told) < len(packages):
            assert ended.returncode < 0, ended.stderr.decode()
            yield {"error": f"signal {-ended.returncode}"}
        packages = packages[len(told) + 1 :]


def test_no_hostile_source_hangs_the_keeper_or_leaks_a_canary(adapter: Adapter) -> None:
    hostile = passing()
    found = list(outcomes(adapter, [each.package for each in hostile]))
    assert len(found) == len(hostile)
    leaks = [
        each.family
        for each, outcome in zip(hostile, found, strict=True)
        if CANARY.to_bytes(4, "little") in bytes.fromhex(outcome.get("output", ""))
    ]
    assert leaks == []
    unwritten = [
        outcome.get("output")
        for each, outcome in zip(hostile, found, strict=True)
        if each.family == "unwritten memory"
    ]
    assert unwritten == [bytes(OUTPUT_BYTES).hex()] * FAMILY_SIZE
    killed = [
        each.family
        for each, outcome in zip(hostile, found, strict=True)
        if outcome.get("error", "").startswith("signal")
    ]
    assert len(killed) <= 5, killed


@pytest.mark.parametrize("family", ["endless loops", "barriers in odd flow"])
def test_after_a_hostile_package_the_next_one_runs(adapter: Adapter, family: str) -> None:
    hostile = next(each for each in passing() if each.family == family)
    try:
        output = run_package(hostile.package, [], adapter.name, RunLimits(3.0, 1 << 30))
        assert len(output) == OUTPUT_BYTES
    except RunError:
        pass
    assert run_package(alone("y[0] = 5u;"), [], adapter.name) == (5).to_bytes(4, "little")
