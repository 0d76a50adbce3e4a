"""The money of a job or task: amounts, what is locked before it is posted, what is paid out."""

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.chain.errors import InsufficientFundsError
from keeper.chain.gateway import Gateway
from keeper.node.decisions.escrow import Escrow, premium_burned
from keeper.node.errors import RoleError
from neurolov_client import associated_token_address, escrow, find_bump, shard_of, staking


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


def urgency_burned(urgency: int, terms: staking.Terms) -> int:
    """Returns the part of a premium in base units that posting under these terms burns."""
    return premium_burned(urgency, terms.parameters.escrow)


def lock(
    *,
    program: Pubkey,
    seed: bytes,
    number: int,
    address: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    deposit: escrow.Deposit,
    terms: Pubkey,
) -> Instruction:
    """Returns what locks the payment of an owner's job or task with this number.

    Its `address` is derived from seed, owner and number by `program`. `terms` is the address of the
    current terms.
    """
    return escrow.lock(
        job_id=number,
        job_bump=find_bump((seed, bytes(owner), number.to_bytes(8, "little")), program),
        deposit=deposit,
        terms=terms,
        buyer=owner,
        mint=mint,
        job=address,
        source=associated_token_address(owner, mint),
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


def reclaim(address: Pubkey, buyer: Pubkey, mint: Pubkey) -> Instruction:
    """Returns what gives the buyer what nobody is owed of a job's or task's escrow."""
    return escrow.reclaim(
        buyer=buyer,
        escrow=escrow.escrow_address(address),
        vault=escrow.vault_address(address),
        destination=associated_token_address(buyer, mint),
    )
