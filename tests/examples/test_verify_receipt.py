"""The example judges a slash that a stranger brought about, and refuses what is no receipt."""

import asyncio
from pathlib import Path

from neurolov_client import verdict
from tests.examples.network import example
from tests.keeper.cli.test_challenge import LIE, Stranger
from tests.keeper.exact.disputes.lying import committed
from tests.keeper.exact.roles.rig import Rig, on_rig


def test_a_receipt_is_made_again_from_the_jobs_data(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        proven = await Stranger(rig, tmp_path).challenge()
        assert (proven.status, proven.err) == (0, "")
        url = rig.market.services.gateway.url
        receipt = verdict.receipt_address(rig.job)
        ended = await asyncio.to_thread(example, "verify_receipt", receipt, "--url", url)
        assert (ended.returncode, ended.stderr) == (0, "")
        lines = ended.stdout.splitlines()
        assert lines[0] == f"operator {LIE}, element 0, by {rig.provider().owner}"
        assert lines[-1] == "the receipt is right"
        (evidence,) = (line for line in lines if line.startswith("evidence"))
        made, _, kept = evidence.removeprefix("evidence").partition(", receipt ")
        assert made.strip() == kept

        nothing = await asyncio.to_thread(example, "verify_receipt", rig.job, "--url", url)
        assert nothing.returncode == 1
        assert "WrongDiscriminatorError" in nothing.stderr.splitlines()[-1]

    on_rig(tmp_path, story, ticking=True)
