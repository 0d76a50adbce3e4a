"""challenge, replay and audit as a stranger runs them, on a marketplace that goes on ticking."""

from pathlib import Path

from solders.pubkey import Pubkey

from keeper.configuration import create_keypair
from keeper.data import BlobStore, StageIndexes
from keeper.data.manifest import StageIndex
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS, localnet_mint
from keeper.lab.market.marketplace import PROVIDERS
from neurolov_client import verdict
from tests.keeper.cli.process import Ended, command
from tests.keeper.exact.disputes.lying import QUOTA_BYTES, committed
from tests.keeper.exact.roles.rig import Rig, on_rig

LIE = 2


class Stranger:
    """A key with lamports and a folder of its own."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self.folder = folder / "stranger"
        self._key_file = folder / "stranger.json"
        self.key = create_keypair(self._key_file).pubkey()
        rig.bank.airdrop(self.key, 10**10)
        localnet_mint().mint_to(rig.bank, self.key, 0)

    async def challenge(self, *options: object) -> Ended:
        return await command(
            "challenge",
            self.rig.job,
            *options,
            "--json",
            "--allow-private",
            *("--url", self.rig.market.services.gateway.url),
            *("--folder", self.folder),
            *("--keypair", self._key_file),
        )

    async def reads(self, name: str, address: object, *options: object) -> Ended:
        url = self.rig.market.services.gateway.url
        return await command(name, address, *options, "--allow-private", "--url", url)


def altered(rig: Rig, folder: Path) -> Path:
    """A folder that names another blob as the lying operator's output."""
    store, indexes = BlobStore(folder, QUOTA_BYTES), StageIndexes(folder)
    theirs = rig.market.storages[PROVIDERS[0]]
    (index,) = theirs.indexes.of_job(str(rig.job))
    outputs = [theirs.store.get(digest) for digest in index.outputs]
    outputs[LIE] = bytes([outputs[LIE][0] ^ 1]) + outputs[LIE][1:]
    indexes.put(
        StageIndex(
            index.job,
            index.first,
            index.last,
            index.root,
            tuple(store.put(output) for output in outputs),
            index.tensor_roots,
        )
    )
    return folder


def test_a_lie_is_proven_replayed_and_audited(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        staked = rig.staked(PROVIDERS[0])
        stranger = Stranger(rig, tmp_path)
        proven = await stranger.challenge()
        assert (proven.status, proven.err) == (0, "")
        receipt = verdict.receipt_address(rig.job)
        assert proven.document["receipt"] == str(receipt)
        assert (proven.document["operator"], proven.document["element"]) == (LIE, 0)
        await rig.market.mirror.refresh()
        lost = staked - rig.staked(PROVIDERS[0])
        assert lost > 0

        kept = await stranger.reads("replay", receipt, "--data", stranger.folder, "--json")
        asked = await stranger.reads("replay", receipt, "--folder", tmp_path / "new", "--json")
        for replayed in (kept, asked):
            assert (replayed.status, replayed.err) == (0, "")
            assert replayed.document["agrees"] is True
            assert replayed.document["verdict"] == "fraud"
            for value in ("expected", "committed"):
                assert replayed.document[value] == proven.document[value]
        other = altered(rig, tmp_path / "altered")
        differs = await stranger.reads("replay", receipt, "--data", other)
        assert differs.status == 1
        assert "differs: the data cannot be judged: WrongOutput" in differs.out

        audited = (await stranger.reads("audit", rig.job, "--json")).document
        assert audited["outcome"] == "fraud"
        assert audited["receipt"] == str(receipt)
        told = [event["event"] for event in audited["events"]]
        milestones = ["JobPosted", "JobClaimed", "StageCommitted", "FraudProven", "ProviderSlashed"]
        assert [name for name in told if name in milestones] == milestones
        slots = [event["slot"] for event in audited["events"]]
        assert slots == sorted(slots)
        times = [event["time"] for event in audited["events"]]
        assert times == sorted(times)
        assert all(time.endswith("Z") for time in times)
        assert {each["slot"] for each in audited["movements"]} <= set(slots)
        totals = audited["totals"]
        assert totals["provider 1"] == {"gave": lost, "got": 0, "net": -lost}
        burn = LOCALNET_PARAMETERS.staking.slash_burn_bps
        burned = [each for each in audited["movements"] if each["purpose"] == "stake slashed"]
        assert burned[0]["amount"] == lost * burn // 10_000
        assert sum(each["net"] for each in totals.values()) == 0
        assert audited["accounts"]["receipt"]["slashed"] == lost
        assert audited["accounts"]["job"]["state"] == 2

        shown = await stranger.reads("audit", rig.job)
        assert shown.status == 0
        assert "challenger 1" in shown.out
        again = await stranger.challenge()
        assert again.status == 2
        assert "can be challenged from its last commit" in again.err

    on_rig(tmp_path, story, ticking=True)


def test_nothing_is_sent_where_nothing_is_wrong(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig)
        stranger = Stranger(rig, tmp_path)
        before = list(rig.bank.history(stranger.key))
        searched = await stranger.challenge()
        assert (searched.status, searched.out) == (2, "")
        assert f"every element of job {rig.job} is right" in searched.err
        named = await stranger.challenge("--operator", 1, "--element", 3)
        assert (named.status, named.out) == (2, "")
        assert "element 3 of operator 1 is" in named.err
        beyond = await stranger.challenge("--operator", 99, "--element", 0)
        assert (beyond.status, beyond.out) == (2, "")
        assert "UnknownOperator" in beyond.err
        assert list(rig.bank.history(stranger.key)) == before
        none = verdict.receipt_address(rig.job)
        unproven = await stranger.reads("replay", none, "--folder", tmp_path / "new")
        assert unproven.status == 2
        assert f"there is no receipt at {none}" in unproven.err

    on_rig(tmp_path, story, ticking=True)


def test_a_named_element_is_proven_alone(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        await committed(rig, LIE)
        stranger = Stranger(rig, tmp_path)
        proven = await stranger.challenge("--operator", LIE, "--element", 0)
        assert (proven.status, proven.err) == (0, "")
        assert Pubkey.from_string(proven.document["provider"]) == rig.provider().owner

    on_rig(tmp_path, story, ticking=True)
