"""What every buyer does before work is posted: hold enough $NLOV, and lock it."""

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from idl.client import associated_token_address, escrow, find_bump
from keeper.chain.errors import InsufficientFundsError
from keeper.chain.gateway import Gateway
from keeper.node.errors import RoleError

NLOV = 10**9
"""Base units per $NLOV."""


def nlov(amount: int) -> str:
    """Returns base units as $NLOV with nine decimals."""
    return f"{amount // NLOV:,}.{amount % NLOV:09d}"


async def escrow_config(gateway: Gateway) -> escrow.Config:
    """Returns the escrow program's configuration; raises RoleError where it was never set up."""
    config = await gateway.fetch(escrow.Config, escrow.config_address())
    if config is None:
        raise RoleError("the cluster has no escrow program set up")
    return config


async def require_tokens(
    gateway: Gateway, owner: Pubkey, mint: Pubkey, needed: int, *, work: str, remedy: str
) -> None:
    """Raise InsufficientFundsError unless a key holds the base units that posting locks."""
    held = await gateway.token_balance(associated_token_address(owner, mint)) or 0
    if held < needed:
        raise InsufficientFundsError(
            f"the {work} locks {nlov(needed)} NLOV, {owner} has {nlov(held)}; "
            f"fund the account{remedy}"
        )


def lock(
    *,
    program: Pubkey,
    seed: bytes,
    number: int,
    address: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    terms: escrow.Terms,
) -> Instruction:
    """Returns what locks the payment of an owner's job or task with this number.

    Its `address` is derived from seed, owner and number by `program`.
    """
    return escrow.lock(
        job_id=number,
        job_bump=find_bump((seed, bytes(owner), number.to_bytes(8, "little")), program),
        terms=terms,
        buyer=owner,
        mint=mint,
        job=address,
        source=associated_token_address(owner, mint),
    )
