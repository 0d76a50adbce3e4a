"""Posting new work under the current terms, whatever its class."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.errors import PermanentError, ProgramError
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

Naming = Callable[[str, Pubkey], str]
"""Returns the journal's name of a step that posts work at an address."""


def default_name(step: str, address: Pubkey) -> str:
    """Returns the name of a posting that no submission is behind."""
    return f"{step}/{address}"


async def numbered(
    next_number: Callable[[], Awaitable[int]], posted: Callable[[int], Awaitable[Pubkey]]
) -> Pubkey:
    """Post under the owner's next number and return the address.

    A number that another process has taken meanwhile is replaced by the one after. Raises what
    either raises.
    """
    number = await next_number()
    for _ in range(POSTINGS - 1):
        try:
            return await posted(number)
        except PermanentError:
            known, number = number, await next_number()
            if number == known:
                raise
    return await posted(number)


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
