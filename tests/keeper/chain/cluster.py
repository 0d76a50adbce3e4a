"""A deployed localnet whose slots pass only when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from solders.instruction import Instruction
from solders.keypair import Keypair

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import (
    Deployment,
    built_programs,
    deploy_localnet,
    localnet_mint,
)
from neurolov_client import staking

SOL = 10**9
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A served bank with the programs and one funded staker."""

    net: Localnet
    deployment: Deployment
    staker: Keypair

    async def tick(self, _seconds: float) -> None:
        """Stands in for sleeping: a slot passes."""
        self.net.bank.advance()
        await asyncio.sleep(0)

    async def leap(self, _seconds: float) -> None:
        """Stands in for sleeping: a third of a blockhash's life passes."""
        self.net.bank.advance(50)
        await asyncio.sleep(0)

    def open_position(self) -> Instruction:
        return staking.open_position(owner=self.staker.pubkey())

    def stake(self, amount: int) -> Instruction:
        owner = self.staker.pubkey()
        tokens = self.deployment.mint.token_account(owner)
        return staking.stake(amount=amount, owner=owner, source=tokens)

    def staked(self) -> int:
        raw = self.net.bank.account(staking.position_address(self.staker.pubkey()))
        return 0 if raw is None else staking.Position.decode(bytes(raw.data)).amount


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """Served on free ports; the staker has 10 SOL and 1,000,000 base units."""
    programs = built_programs()
    mint = localnet_mint()
    async with Localnet(
        programs=programs, mint=mint, port=0, ticking=False, seed=bytes(32), start_time=1
    ) as net:
        deployment = deploy_localnet(net.bank)
        staker = Keypair.from_seed(bytes([5]) * 32)
        net.bank.airdrop(staker.pubkey(), 10 * SOL)
        mint.mint_to(net.bank, staker.pubkey(), 1_000_000)
        net.bank.advance()
        yield Cluster(net, deployment, staker)


def on_cluster(act: Callable[[Cluster], Awaitable[Result]]) -> Result:
    """Run `act` on a fresh one."""

    async def run() -> Result:
        async with cluster() as served:
            return await act(served)

    return asyncio.run(run())
