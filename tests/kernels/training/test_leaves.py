from dataclasses import replace

import numpy as np
import pytest

from kernels.trace import Opening
from kernels.training import AggregationError, Fault
from tests.kernels.training.steps import AGGREGATOR, NETWORK, Step, first_step

LEAF_ELEMENTS = 64


@pytest.fixture
def step() -> Step:
    return first_step()


def fault_of(step: Step, spoil: int | None = None) -> tuple[Fault, str, int | None]:
    with pytest.raises(AggregationError) as caught:
        step.check(step.aggregate(spoil=spoil))
    return caught.value.fault, caught.value.party, caught.value.leaf


def tampered(leaf: Opening) -> Opening:
    return replace(leaf, data=bytes([leaf.data[0] ^ 1]) + leaf.data[1:])


def test_an_honest_step_passes_with_a_leaf_for_every_neuron(step: Step) -> None:
    assert step.check(step.aggregate()) == NETWORK.rows


@pytest.mark.parametrize("leaf", [0, 41, 73])
def test_a_tampered_leaf_of_one_provider_is_named(step: Step, leaf: int) -> None:
    shown = step.contributions[1].gradient
    leaves = [*shown.leaves[:leaf], tampered(shown.leaves[leaf]), *shown.leaves[leaf + 1 :]]
    spoilt = replace(shown, leaves=tuple(leaves))
    step.contributions[1] = replace(step.contributions[1], gradient=spoilt)
    assert fault_of(step) == (Fault.BAD_LEAF, "provider 1", leaf)


def test_a_leaf_that_is_not_shown_is_named(step: Step) -> None:
    shown = step.contributions[2].gradient
    spoilt = replace(shown, leaves=shown.leaves[:5])
    step.contributions[2] = replace(step.contributions[2], gradient=spoilt)
    assert fault_of(step) == (Fault.BAD_LEAF, "provider 2", 5)


def test_leaves_in_another_order_are_refused(step: Step) -> None:
    shown = step.contributions[0].gradient
    first, second, *rest = shown.leaves
    spoilt = replace(shown, leaves=(second, first, *rest))
    step.contributions[0] = replace(step.contributions[0], gradient=spoilt)
    assert fault_of(step) == (Fault.BAD_LEAF, "provider 0", 0)


def test_a_missing_provider_is_named_by_its_shard(step: Step) -> None:
    del step.contributions[2]
    assert fault_of(step) == (Fault.MISSING, "shard 2", None)


def test_a_gradient_of_another_step_is_refused(step: Step) -> None:
    step.aggregate()
    later = Step(step.outputs[step.sums.master])
    later.contributions[1] = step.contributions[1]
    assert fault_of(later) == (Fault.STALE, "provider 1", None)


def test_a_gradient_of_another_shard_is_refused(step: Step) -> None:
    step.contributions[0] = step.contributions[1]
    assert fault_of(step) == (Fault.STALE, "provider 1", None)


def test_a_tensor_that_is_not_the_gradient_is_refused(step: Step) -> None:
    shown = step.contributions[0].gradient
    spoilt = replace(shown, root=replace(shown.root, index=shown.root.index - 1))
    step.contributions[0] = replace(step.contributions[0], gradient=spoilt)
    assert fault_of(step) == (Fault.UNCOMMITTED, "provider 0", None)


def test_a_tensor_root_that_is_not_in_the_trace_is_refused(step: Step) -> None:
    shown = step.contributions[0].gradient
    spoilt = replace(shown, root=tampered(shown.root))
    step.contributions[0] = replace(step.contributions[0], gradient=spoilt)
    assert fault_of(step) == (Fault.UNCOMMITTED, "provider 0", None)


@pytest.mark.parametrize("leaf", [0, 30, 73])
def test_a_sum_given_another_leaf_names_provider_and_leaf(step: Step, leaf: int) -> None:
    given = [gradient.copy() for gradient in step.gradients]
    given[1].reshape(-1)[leaf * LEAF_ELEMENTS + 9] += 1
    with pytest.raises(AggregationError) as caught:
        step.check(step.aggregate(given))
    found = caught.value
    assert (found.fault, found.party, found.leaf) == (Fault.SWAPPED, "provider 1", leaf)


def test_a_sum_given_one_gradient_twice_is_refused(step: Step) -> None:
    with pytest.raises(AggregationError) as caught:
        step.check(step.aggregate([step.gradients[0], step.gradients[0], step.gradients[2]]))
    assert (caught.value.fault, caught.value.party) == (Fault.SWAPPED, "provider 1")


def test_a_sum_on_other_master_weights_is_refused(step: Step) -> None:
    aggregate = replace(step.aggregate(), master_root=bytes(32))
    with pytest.raises(AggregationError) as caught:
        step.check(aggregate)
    assert (caught.value.fault, caught.value.party) == (Fault.STALE, AGGREGATOR)


@pytest.mark.parametrize("element", [0, 65, 73 * LEAF_ELEMENTS])
def test_a_wrong_sum_names_the_aggregator_and_the_leaf(step: Step, element: int) -> None:
    leaf = element // LEAF_ELEMENTS
    assert fault_of(step, spoil=element) == (Fault.BAD_SUM, AGGREGATOR, leaf)


def test_a_sum_that_wraps_is_right(step: Step) -> None:
    huge = np.full_like(step.gradients[0], 2**31 - 1)
    step.gradients[0] = huge
    aggregate = step.aggregate()
    assert (step.outputs[step.sums.total] < 0).any()
    with pytest.raises(AggregationError) as caught:
        step.check(aggregate)
    assert caught.value.fault is Fault.SWAPPED
