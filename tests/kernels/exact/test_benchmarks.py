from kernels.exact import benchmarks
from kernels.exact.library import HERE


def test_every_operator_with_a_naive_twin_has_a_benchmark() -> None:
    twins = {path.parent.name for path in HERE.glob("*/naive.wgsl")}
    assert {opcode.name.lower() for opcode in benchmarks()} == twins


def test_names_of_benchmarks_differ() -> None:
    names = [benchmark.NAME for benchmark in benchmarks().values()]
    assert len(set(names)) == len(names)
