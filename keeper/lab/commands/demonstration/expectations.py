"""What each demonstration must result in, to the last unit."""

from dataclasses import replace

from keeper.lab.commands.demonstration.report import DemoReport
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.marketplace import PROVIDERS, VERIFIERS
from neurolov_client.bindings.job_registry import BPS


def failures(report: DemoReport, cheats: bool, silent: bool) -> DemoReport:
    """Returns the report with every expectation that failed."""
    found = _of_proof(report) if cheats else _of_acceptance(report)
    if silent:
        found += _of_silence(report)
    if not report.conserved:
        found.append("the sum of all balances changed")
    return replace(report, failures=tuple(found))


def _of_acceptance(report: DemoReport) -> list[str]:
    found = []
    if report.verdict != "accepted":
        found.append(f"the verdict is {report.verdict}")
    if report.accuracy < report.wanted:
        found.append(f"{report.measure}: {report.accuracy:.2%} is below {report.wanted:.0%}")
    if not report.bit_exact:
        found.append("an output differs from the NumPy reference")
    if not any(_change(report, name) > 0 for name in PROVIDERS):
        found.append("no provider was paid")
    return found + _of_honest_verifiers(report)


def _of_proof(report: DemoReport) -> list[str]:
    if report.verdict != "fraud" or report.proof is None:
        return [f"the verdict is {report.verdict}", "no proof was made"]
    found, proof = [], report.proof
    if _change(report, PROVIDERS[0]) > 0:
        found.append("the cheating provider was paid")
    if proof.burned != -(-proof.slashed * LOCALNET_PARAMETERS.staking.slash_burn_bps // BPS):
        found.append("the burned share of the slashed stake is wrong")
    if (
        proof.bounty
        != (proof.slashed - proof.burned) * LOCALNET_PARAMETERS.verdict.bounty_bps // BPS
    ):
        found.append("the bounty is not its share of the slashed stake")
    bond = -_stake_change(report, PROVIDERS[0]) - proof.slashed
    if proof.slashed <= 0 or bond <= 0:
        found.append("the cheating provider kept its exposure or its lease bond")
    gained = sum(_change(report, name) for name in (*VERIFIERS, "crank"))
    kept = LOCALNET_PARAMETERS.escrow.posting_fee
    expected = bond + proof.slashed - proof.burned - gained - kept
    difference = _change(report, "buyer") - expected
    if difference:
        found.append(f"the buyer's refund is off by {difference} base units")
    if _change(report, proof.challenger) <= proof.bounty:
        found.append(f"{proof.challenger} proved the fraud but did not get its bounty or its fee")
    return found + _of_honest_verifiers(report)


def _of_silence(report: DemoReport) -> list[str]:
    found = []
    if _change(report, PROVIDERS[0]) > 0:
        found.append("the silent provider was paid")
    if _stake_change(report, PROVIDERS[0]) >= 0:
        found.append("the silent provider kept its lease bond")
    if _change(report, PROVIDERS[1]) <= 0:
        found.append("the provider that completed the job was not paid")
    return found


def _of_honest_verifiers(report: DemoReport) -> list[str]:
    checked = {check.verifier for check in report.checks}
    return [
        f"{name} checked honestly but was not paid"
        for name in sorted(checked)
        if _change(report, name) <= 0
    ]


def _change(report: DemoReport, name: str) -> int:
    return report.after.named[name] - report.before.named[name]


def _stake_change(report: DemoReport, name: str) -> int:
    return report.staked_after[name] - report.staked_before[name]
