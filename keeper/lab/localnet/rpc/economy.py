"""Methods about supply, stake and inflation. Nobody stakes lamports here, and none are minted."""

from ..ledger import Json
from .errors import BLOCK_NOT_AVAILABLE, RpcError
from .method import Method
from .node import Node
from .params import Params, as_choice, as_list, as_pubkey

_LARGEST_ACCOUNTS = 20
_MAX_ADDRESSES = 2**16
_STAKE_MINIMUM_LAMPORTS = 10**9


def _supply(node: Node, params: Params) -> Json:
    config = params.config(0)
    config.flag("excludeNonCirculatingAccountsList")
    accounts = node.accounts_at(config.commitment())
    total = sum(account.lamports for _, account in accounts.every())
    return node.with_context(
        {
            "circulating": total,
            "nonCirculating": 0,
            "nonCirculatingAccounts": [],
            "total": total,
        },
        accounts.slot,
    )


def _largest_accounts(node: Node, params: Params) -> Json:
    """The accounts with the most lamports; every one circulates."""
    config = params.config(0)
    accounts = node.accounts_at(config.commitment())
    chosen = config.get("filter")
    if chosen is not None:
        chosen = as_choice(chosen, ("circulating", "nonCirculating"))
    holders = [] if chosen == "nonCirculating" else accounts.every()
    richest = sorted(holders, key=lambda held: (-held[1].lamports, bytes(held[0])))
    found: list[Json] = [
        {"address": str(key), "lamports": account.lamports}
        for key, account in richest[:_LARGEST_ACCOUNTS]
    ]
    return node.with_context(found, accounts.slot)


def _vote_accounts(node: Node, params: Params) -> Json:
    return {"current": [], "delinquent": []}


def _inflation_governor(node: Node, params: Params) -> Json:
    members = ("initial", "terminal", "taper", "foundation", "foundationTerm")
    return dict.fromkeys(members, 0.0)


def _inflation_rate(node: Node, params: Params) -> Json:
    epoch = node.bank.epoch_schedule.get_epoch(node.bank.slot)
    return {"epoch": epoch, "foundation": 0.0, "total": 0.0, "validator": 0.0}


def _inflation_reward(node: Node, params: Params) -> Json:
    """Null for each address, once the epoch is over."""
    config = params.config(1)
    addresses = [as_pubkey(one) for one in as_list(params.get(0), _MAX_ADDRESSES)]
    newest = node.slot_at(config.history_commitment())
    schedule = node.bank.epoch_schedule
    epoch = config.integer("epoch")
    if epoch is None:
        epoch = max(0, schedule.get_epoch(newest) - 1)
    paid_in = (epoch + 1) * schedule.slots_per_epoch
    if paid_in > newest:
        raise RpcError(BLOCK_NOT_AVAILABLE, f"Block not available for slot {paid_in}")
    return [None] * len(addresses)


def _stake_minimum(node: Node, params: Params) -> Json:
    slot = node.slot_at(params.config(0).commitment())
    return node.with_context(_STAKE_MINIMUM_LAMPORTS, slot)


METHODS = {
    "getInflationGovernor": Method(_inflation_governor, 0, 1),
    "getInflationRate": Method(_inflation_rate),
    "getInflationReward": Method(_inflation_reward, 1, 1),
    "getLargestAccounts": Method(_largest_accounts, 0, 1),
    "getStakeMinimumDelegation": Method(_stake_minimum, 0, 1),
    "getSupply": Method(_supply, 0, 1),
    "getVoteAccounts": Method(_vote_accounts, 0, 1),
}
