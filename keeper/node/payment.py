"""The money of a job or task: what has to be there before it is posted, what is paid out."""

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.chain.errors import InsufficientFundsError
from keeper.chain.gateway import Gateway
from keeper.node.decisions.escrow import Escrow
from keeper.node.errors import RoleError
from neurolov_client import associated_token_address, escrow, shard_of


async def require_tokens(
    gateway: Gateway, owner: Pubkey, mint: Pubkey, needed: int, *, work: str, remedy: str
) -> None:
    """Raise InsufficientFundsError unless a key holds the base units that posting locks."""
    held = await gateway.token_balance(associated_token_address(owner, mint)) or 0
    if held < needed:
        raise InsufficientFundsError(
            f"the {work} locks {nlov(needed)} NLOV, {owner} has {nlov(held)}; "
            f"fund the account with {nlov(needed - held)} NLOV more{remedy}"
        )


def withdraw(address: Pubkey, held: Escrow | None, index: int, mint: Pubkey) -> Instruction:
    """Returns what pays out one credit of a job's or task's escrow.

    Raises RoleError where the escrow is closed.
    """
    if held is None:
        raise RoleError(f"{address} has no escrow any more")
    return escrow.withdraw(
        index=index,
        escrow=escrow.escrow_address(address),
        vault=escrow.vault_address(address),
        destination=associated_token_address(held.credits[index].party, mint),
    )


def collect_fee(address: Pubkey) -> Instruction:
    """Returns what moves the fee of a job or task to its fee vault."""
    return escrow.collect_fee(
        escrow=escrow.escrow_address(address),
        vault=escrow.vault_address(address),
        fee_vault=escrow.fees_address(shard_of(address)),
    )
