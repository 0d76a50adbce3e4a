"""Jobs whose products write int8: verifiers ask for the sums, and judge alike without them."""

from pathlib import Path

import numpy as np
import pytest

from keeper.data import SumsSource
from keeper.exact.decisions.actions import ProveFraud, SlashProvider
from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.verification import Accept, Reject
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDERS
from kernels.graph import GraphBuilder, Narrowing
from kernels.graph.reference import NumpyExecutor
from tests.keeper.exact.roles.rig import Material, Rig, on_rig


def narrow_material() -> Material:
    """Returns a convolution and a product to int8, heavy enough to be worth money and advice."""
    rng = np.random.default_rng(12)

    def int8(*shape: int) -> np.ndarray:
        return rng.integers(-128, 128, shape, np.int8)

    build = GraphBuilder()
    to = Narrowing(1_500_000_000, 43)
    x = build.input((2, 12, 12, 32))
    y = build.convolution(x, int8(64, 3, 3, 32), padding=(1, 1, 1, 1), to=to)
    build.matmul(y, int8(64, 64), rng.integers(-9_000, 9_000, 64, np.int32), to=to)
    return build.build(), [int8(2, 12, 12, 32)]


async def lying(job: str, root: str, operator: int) -> bytes:
    """Tells zeros, in the right length of the first operator alone."""
    return bytes(2 * 12 * 12 * 256)


@pytest.mark.parametrize("told", ["honestly", "not", "wrongly"])
def test_an_honest_provider_is_paid_whatever_it_tells(tmp_path: Path, told: str) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        sums = rig.market.storages[PROVIDERS[0]].sums
        if told == "not":
            sums.connect(SumsSource().get)
        elif told == "wrongly":
            sums.connect(lying)
        await rig.play([provider, *rig.verifiers, rig.crank, rig.buyer], rig.ended)
        judged = rig.view.verdict
        assert judged is not None
        assert (rig.view.job.state, judged.outcome) == (JobState.SETTLED, Outcome.ACCEPTED)
        verdicts = [each.verdicts[rig.job] for each in rig.verifiers if rig.job in each.verdicts]
        assert len(verdicts) == 3
        for found in verdicts:
            assert found.finding == Accept()
            assert found.cost.advised == (2 if told == "honestly" else 0)
            assert (found.cost.macs < rig.graph.multiply_adds) == (told == "honestly")

    on_rig(tmp_path, story, narrow_material())


@pytest.mark.parametrize("told", ["honestly", "wrongly"])
def test_a_cheat_is_slashed_whatever_it_tells(tmp_path: Path, told: str) -> None:
    async def story(rig: Rig) -> None:
        cheat = rig.provider(executor=CheatingExecutor(NumpyExecutor(), Cheat.FLIP))
        if told == "wrongly":
            rig.market.storages[PROVIDERS[0]].sums.connect(lying)

        def slashed() -> bool:
            return bool(rig.actions(SlashProvider))

        await rig.play([cheat, *rig.verifiers, rig.crank, rig.buyer], slashed)
        assert rig.actions(ProveFraud)
        verdicts = [each.verdicts[rig.job] for each in rig.verifiers if rig.job in each.verdicts]
        assert {found.finding for found in verdicts} == {Reject(1, 0)}

    on_rig(tmp_path, story, narrow_material())
