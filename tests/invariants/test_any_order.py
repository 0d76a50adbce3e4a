"""Any order of steps keeps the books balanced, and strangers alone can end everything."""

from hypothesis import HealthCheck, Phase, settings

from tests.invariants.machine import AnyOrder

# Each example deploys its own chain and brings every job to its end, which takes about a second.
# The test is derandomised, so that every failure can be repeated. Shrinking a failure takes
# minutes: to look for its cause, add Phase.shrink here.
AnyOrder.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestAnyOrder = AnyOrder.TestCase
