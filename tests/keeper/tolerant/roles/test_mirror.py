"""The tasks as they are seen, beside the jobs."""

from pathlib import Path

from keeper.tolerant.decisions.codes import TaskState
from tests.keeper.tolerant.roles.stage import PROVIDERS, STAKE, TERMS, TaskStage, on_stage
from tests.kernels.custom.examples import triple


def test_a_posted_task_is_seen_with_its_money_and_its_beacon(tmp_path: Path) -> None:
    async def story(stage: TaskStage) -> None:
        before = stage.mirror.view
        assert not before.slot_hashes
        await stage.post()
        found, escrow = stage.found, stage.snapshot.escrow
        assert (found.state, found.round, found.runs) == (TaskState.JOINING, 1, ())
        assert (found.kernel, found.output_bytes) == (triple().digest, triple().output.bytes)
        assert (found.element, found.tolerance) == (triple().output.element, triple().tolerance)
        assert (found.k, found.n, found.max_runs) == (TERMS.k, TERMS.n, TERMS.max_runs)
        assert escrow is not None
        assert escrow.balance == TERMS.locked.price + TERMS.locked.tips
        assert stage.mirror.view.slot_hashes
        assert stage.mirror.view.free_stake[stage.owner(PROVIDERS[0])] == STAKE
        assert stage.mirror.view.free_stake[stage.owner("buyer")] == 0

    on_stage(tmp_path, story)
