"""Posting new work under the current terms, whatever its class."""

from collections.abc import Callable, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.errors import ProgramError
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.node.accounts import required
from neurolov_client import staking

POSTINGS: Final = 3
"""How often a posting is sent while other terms are applied in between."""
OUTDATED: Final = "WrongTerms"
"""The refusal of terms that are not the current ones any more."""

Build = Callable[[Pubkey, staking.Terms], Sequence[Instruction]]
"""Returns the instructions that post some work with this mint under these terms."""


async def current_terms(gateway: Gateway) -> tuple[Pubkey, staking.Terms]:
    """Returns the mint and the current terms; raises RoleError where nothing is deployed."""
    pool = required(staking.Pool, await gateway.account(staking.pool_address()))
    address = staking.terms_address(pool.terms)
    return pool.mint, required(staking.Terms, await gateway.account(address))


async def post(gateway: Gateway, submitter: Submitter, operation: str, build: Build) -> None:
    """Post what `build` returns under the terms that are current when it lands.

    Terms that are replaced between the reading and the landing are read again. Raises ChainError
    and RoleError.
    """
    for left in reversed(range(POSTINGS)):
        mint, terms = await current_terms(gateway)
        try:
            await submitter.submit(operation, build(mint, terms), again=True)
        except ProgramError as error:
            if error.name != OUTDATED or left == 0:
                raise
        else:
            return
