"""`neurolov doctor`: whether this machine and key are ready to take part."""

import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from solders.hash import Hash
from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError
from keeper.chain.gateway import Gateway
from keeper.cli.options import (
    ADAPTER,
    answer,
    cluster_options,
    json_option,
    keypair_option,
    owner_option,
    run_async,
)
from keeper.compute import SelfTestError, self_test
from keeper.configuration import KeyFileError, NodeSettings, load_keypair
from keeper.data import DataError, check_source
from keeper.exact.roles import JobMirror
from keeper.node.endpoints import endpoint_of
from keeper.node.errors import RoleError
from keeper.node.folder import ChainRecordError, OtherChainError, folder_of
from keeper.node.operators import (
    OperatorError,
    budget_line,
    operator_document,
    require_acting,
)
from keeper.node.payment import nlov
from kernels.runtime import AdapterUnavailable, GpuExecutor, select_adapter
from neurolov_client import associated_token_address, staking

FAILED = 1
COLD_OWNER = "keep it offline and let an operator's key work (`neurolov stake operator set`)"
MAX_SKEW_SECONDS = 30
MIN_LAMPORTS = 10**8
MIN_FREE_BYTES = 1 << 30
LOOKUP_SECONDS = 10.0
SOL = 10**9


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `advice` says what to do when it is not ok."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


@click.command()
@ADAPTER.option()
@json_option
@owner_option
@keypair_option
@cluster_options
def doctor(
    settings: NodeSettings,
    keypair: Path,
    owner: Pubkey | None,
    as_json: bool,
    adapter: str | None,
) -> int:
    """Check adapter, limits, chain, stake, operator, clock, disk and the registered endpoint.

    Exits with 1 when one of them fails.
    """
    checks = [*_adapter(adapter), _disk(settings.folder)]

    async def work() -> list[Check]:
        return [check async for check in _chain(settings, keypair, owner)]

    checks += run_async(work())
    fit = all(check.ok for check in checks)
    lines = [
        f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<9} {check.detail}"
        + (f"\n      -> {check.advice}" if check.advice and not check.ok else "")
        for check in checks
    ]
    answer({"ok": fit, "checks": [asdict(check) for check in checks]}, as_json, *lines)
    return 0 if fit else FAILED


def _adapter(name: str | None) -> list[Check]:
    try:
        found = select_adapter(name)
        report = self_test(GpuExecutor(found))
    except AdapterUnavailable as error:
        return [Check("adapter", False, str(error), "install a driver, or run with NumPy")]
    except SelfTestError as error:
        return [Check("adapter", False, str(error), "update the driver or choose another adapter")]
    limits = ", ".join(f"{key} {value:,}" for key, value in sorted(found.limits.items()))
    rate = report.macs_per_second / 1e6
    detail = f"{found.name} ({found.backend}, {found.type}): {report.operators} operators bit-equal"
    return [
        Check("adapter", True, f"{detail}, {rate:,.0f} million multiply-adds per second"),
        Check("limits", True, limits),
    ]


def _disk(folder: Path) -> Check:
    candidates = (folder.absolute(), *folder.absolute().parents)
    existing = next(path for path in candidates if path.exists())
    free = shutil.disk_usage(existing).free
    enough = free >= MIN_FREE_BYTES
    return Check("disk", enough, f"{free >> 20:,} MiB free at {existing}", "free some space")


async def _chain(
    settings: NodeSettings, keypair: Path, owner: Pubkey | None
) -> AsyncIterator[Check]:
    gateway = Gateway.of(settings)
    try:
        async with gateway:
            genesis = await gateway.check_cluster()
            slot = await gateway.slot()
            yield Check("chain", True, f"{gateway.url}: slot {slot}, genesis {genesis}")
            yield _folder(settings, genesis)
            yield await _clock(gateway, slot)
            async for check in _key(gateway, keypair, owner, settings.allow_private):
                yield check
    except ChainError as error:
        yield Check(
            "chain", False, str(error), "correct --url, or start a cluster with `neurolov localnet`"
        )


def _folder(settings: NodeSettings, genesis: Hash) -> Check:
    """Checks whether the node's folder belongs to the cluster's chain."""
    try:
        own = folder_of(settings.folder, genesis, settings.url, fresh=settings.fresh)
    except (OtherChainError, ChainRecordError) as error:
        return Check("folder", False, str(error))
    return Check("folder", True, str(own))


async def _clock(gateway: Gateway, slot: int) -> Check:
    told = await gateway.block_time(max(0, slot - 1))
    if told is None:
        return Check("clock", True, "the node reports no block time")
    skew = time.time() - told
    advice = "set this machine's clock (ntp)"
    return Check("clock", abs(skew) <= MAX_SKEW_SECONDS, f"{skew:+.1f} s from the chain's", advice)


async def _key(
    gateway: Gateway, path: Path, named_owner: Pubkey | None, allow_private: bool
) -> AsyncIterator[Check]:
    try:
        signer = load_keypair(path).pubkey()
    except KeyFileError as error:
        yield Check("key", False, str(error))
        return
    owner = named_owner or signer
    lamports = await gateway.balance(signer)
    yield Check(
        "key", lamports >= MIN_LAMPORTS, f"{signer}: {lamports / SOL:.3f} SOL", "fund it with SOL"
    )
    mirror = JobMirror(gateway, [owner], poll_seconds=1.0)
    try:
        view = await mirror.refresh()
    except RoleError as error:
        yield Check("programs", False, str(error))
        return
    yield Check("programs", True, f"deployed, $NLOV is {view.mint}")
    tokens = await gateway.token_balance(associated_token_address(owner, view.mint)) or 0
    party = view.parties[owner]
    staked = party.position.amount if party.position is not None else 0
    registered = (
        "a registered provider" if party.provider is not None else "not a registered provider"
    )
    yield Check(
        "stake",
        staked > 0,
        f"{nlov(staked)} NLOV staked, {nlov(party.stake.lease_room)} free, {nlov(tokens)} in the "
        f"wallet, {registered}",
        "stake $NLOV with `neurolov stake add`",
    )
    yield operator_check(party.position, owner, signer)
    if party.provider is not None:
        yield await _endpoint(await endpoint_of(gateway, owner), allow_private)


def operator_check(position: staking.Position | None, owner: Pubkey, signer: Pubkey) -> Check:
    """Checks whether a key may act for an owner, and is told apart from it."""
    try:
        require_acting(position, owner, signer)
    except OperatorError as error:
        return Check("operator", False, str(error))
    if signer == owner or position is None:
        return Check("operator", True, f"none: this is the owner's own key; {COLD_OWNER}")
    left = operator_document(position)["left"]
    advice = "raise the budget with the owner's key: `neurolov stake operator set`"
    return Check("operator", left > 0, budget_line(position), advice)


async def _endpoint(url: str, allow_private: bool) -> Check:
    """Checks whether others may fetch from the URL that the key has registered."""
    advice = "register the address under which others reach this node with --public-url"
    try:
        await check_source(url, allow_private=allow_private, seconds=LOOKUP_SECONDS)
    except DataError as error:
        return Check("endpoint", False, str(error), advice)
    return Check("endpoint", True, url)
