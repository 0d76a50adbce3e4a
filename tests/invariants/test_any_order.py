"""Any order of steps keeps the books, and strangers alone can end everything."""

from hypothesis import HealthCheck, Phase, settings

from tests.invariants.machine import AnyOrder

# Each example deploys a chain of its own and at its end brings every job to its own: 25 of 50
# steps take about as long as the rest of the suite's slowest file. The derandomised examples are
# the same on every machine, so a failure seen anywhere can be seen again.
AnyOrder.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestAnyOrder = AnyOrder.TestCase
