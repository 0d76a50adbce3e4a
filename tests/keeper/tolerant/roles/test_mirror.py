"""The tasks as they are seen, beside the jobs."""

from pathlib import Path

from keeper.tolerant.decisions.codes import TaskState
from tests.keeper.tolerant.roles.rig import PROVIDERS, STAKE, TERMS, TaskRig, on_rig
from tests.kernels.custom.examples import triple


def test_a_posted_task_is_seen_with_its_money_and_its_beacon(tmp_path: Path) -> None:
    async def story(rig: TaskRig) -> None:
        before = rig.mirror.view
        assert not before.slot_hashes
        await rig.post()
        found, escrow = rig.found, rig.snapshot.escrow
        assert (found.state, found.round, found.runs) == (TaskState.JOINING, 1, ())
        assert (found.kernel, found.output_bytes) == (triple().digest, triple().output_bytes)
        assert (found.element, found.tolerance) == (triple().element, triple().tolerance)
        assert (found.k, found.n, found.max_runs) == (2, TERMS.n, TERMS.max_runs)
        assert found.terms == rig.mirror.view.terms
        assert escrow is not None
        assert escrow.balance == TERMS.locked.price + TERMS.locked.tips
        assert rig.mirror.view.slot_hashes
        stakes = rig.mirror.view.stakes
        assert stakes[rig.owner(PROVIDERS[0])].lease_room == STAKE
        assert stakes[rig.owner("buyer")].lease_room == 0

    on_rig(tmp_path, story)
