"""Parties as the demonstration finds them: cold owners, hot operators, and stake that counts."""

import asyncio
from pathlib import Path

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, built_programs, localnet_mint
from keeper.lab.market.marketplace import (
    PROVIDER_BUDGET,
    PROVIDER_STAKE,
    PROVIDERS,
    VERIFIERS,
    open_marketplace,
)
from keeper.lab.market.venue import LocalnetVenue, standing_slot
from kernels.graph.reference import NumpyExecutor
from neurolov_client import staking


def test_providers_leave_signing_to_operators_whose_stake_counts_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        net = Localnet(programs=built_programs(), mint=localnet_mint(), port=0, ticking=False)
        async with net, open_marketplace(LocalnetVenue(net), tmp_path, 10**9) as market:
            view, parties = market.mirror.view, market.parties
            window = view.slot // CHECKPOINT_SLOTS
            for name in PROVIDERS:
                owner, operator = parties.owner(name), parties.operators[name].pubkey()
                provider = market.provider(name, NumpyExecutor())
                assert (provider.owner, provider.signer) == (owner, operator)
                position = view.parties[owner].position
                assert position is not None
                assert (position.operator, position.operator_budget) == (operator, PROVIDER_BUDGET)
                assert view.parties[owner].stake.weight(window) == PROVIDER_STAKE
            for name in VERIFIERS:
                assert parties.acting(name).key == parties.owner(name)
                seat = view.parties[parties.owner(name)].seat
                assert seat is not None
            pool = await market.services.gateway.fetch(staking.Pool, staking.pool_address())
            assert pool is not None
            assert view.leasable.standing(window) == pool.total_staked - pool.collateral

    asyncio.run(story())


def test_stake_stands_from_the_second_window_on() -> None:
    begins = 7 * CHECKPOINT_SLOTS
    assert [
        standing_slot(slot) for slot in (begins - 1, begins, begins + CHECKPOINT_SLOTS - 1)
    ] == [
        begins + CHECKPOINT_SLOTS,
        begins + 2 * CHECKPOINT_SLOTS,
        begins + 2 * CHECKPOINT_SLOTS,
    ]
