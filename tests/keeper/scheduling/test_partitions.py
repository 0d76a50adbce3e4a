import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.scheduling import AdmissionError, MemoryPartitions


def test_a_plan_has_to_fit_the_partition_of_its_tenant() -> None:
    parts = MemoryPartitions(100)
    parts.reserve("one", 60)
    parts.admit("one", 60)
    with pytest.raises(AdmissionError, match="takes 61 bytes, its partition has 60"):
        parts.admit("one", 61)


@pytest.mark.parametrize("size", [0, -1, 41])
def test_what_is_not_free_is_not_given(size: int) -> None:
    parts = MemoryPartitions(100)
    parts.reserve("one", 60)
    with pytest.raises(AdmissionError, match="free are 40"):
        parts.reserve("two", size)
    assert parts.free == 40


def test_a_tenant_has_one_partition_and_gives_it_back() -> None:
    parts = MemoryPartitions(100)
    parts.reserve("one", 60)
    with pytest.raises(AdmissionError, match="already"):
        parts.reserve("one", 10)
    parts.release("one")
    parts.reserve("two", 100)
    assert parts.free == 0


@given(st.lists(st.integers(-10, 60), max_size=12))
def test_no_more_is_given_than_there_is(sizes: list[int]) -> None:
    parts, given_away = MemoryPartitions(100), 0
    for number, size in enumerate(sizes):
        try:
            parts.reserve(str(number), size)
            given_away += size
        except AdmissionError:
            continue
    assert given_away + parts.free == 100
    assert parts.free >= 0
