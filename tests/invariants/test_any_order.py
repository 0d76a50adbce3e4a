"""Any order of steps keeps the books, and strangers alone can end everything."""

from hypothesis import HealthCheck, Phase, settings

from tests.invariants.machine import AnyOrder

# Each example deploys a chain of its own and at its end brings every job to its own: about a
# second. Derandomised, so a failure seen anywhere can be seen again. Shrinking a failure takes
# minutes: whoever looks for its cause adds Phase.shrink here.
AnyOrder.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestAnyOrder = AnyOrder.TestCase
