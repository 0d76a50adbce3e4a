"""A provider whose jobs are one of two tenants of its device."""

from dataclasses import replace
from pathlib import Path

from keeper.exact.decisions.codes import Outcome
from keeper.scheduling import SharedDevice
from tests.keeper.exact.roles.rig import Rig, on_rig


def test_a_job_in_slices_is_accepted_and_both_tenants_are_charged(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        device = SharedDevice(rig.market.services.lane, 1 << 30)
        jobs, tasks = device.tenant("jobs", 3.0, 1 << 29), device.tenant("tasks", 1.0, 1 << 29)
        provider._tools = replace(provider._tools, lane=jobs, slice_macs=1)
        everybody = [provider, *rig.verifiers, rig.crank, rig.buyer]
        await tasks.run(sorted, range(100))
        await rig.play(everybody, rig.ended)
        judged = rig.view.verdict
        assert judged is not None
        assert judged.outcome is Outcome.ACCEPTED
        assert len(judged.stages) == 1
        assert jobs.served > tasks.served > 0

    on_rig(tmp_path, story)
