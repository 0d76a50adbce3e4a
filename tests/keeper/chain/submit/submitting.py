"""A process that submits one stake: URL JOURNAL OPERATION AMOUNT. Prints the slot it landed in."""

import asyncio
import sys
from pathlib import Path

from solders.keypair import Keypair

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.journal import Journal
from keeper.lab.localnet.deployment import localnet_mint
from neurolov_client import staking

STAKER = Keypair.from_seed(bytes([5]) * 32)


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def submit(url: str, path: Path, operation: str, amount: int) -> None:
    owner = STAKER.pubkey()
    source = localnet_mint().token_account(owner)
    adding = staking.stake(amount=amount, owner=owner, source=source)
    async with Gateway(url) as gateway:
        with Journal(path) as journal:
            submitter = Submitter(gateway, journal, STAKER, poll_seconds=0.01)
            tell("opened")
            landed = await submitter.submit(operation, [adding])
            tell(str(landed.slot))


if __name__ == "__main__":
    asyncio.run(submit(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
