"""Methods that read accounts."""

from ..ledger import Json
from .encoding import AccountView
from .filters import read_filters
from .method import Method
from .node import Node
from .params import Params, as_list, as_pubkey

_MAX_MULTIPLE_ACCOUNTS = 100
_MAX_ACCOUNT_BYTES = 10 * 1024 * 1024


def _account_info(node: Node, params: Params) -> Json:
    config = params.config(1)
    accounts = node.accounts_at(config.commitment())
    view, key = AccountView.of(config), params.pubkey(0)
    return node.with_context(view.encode(key, accounts.get(key), accounts.get), accounts.slot)


def _multiple_accounts(node: Node, params: Params) -> Json:
    config = params.config(1)
    accounts = node.accounts_at(config.commitment())
    view = AccountView.of(config)
    keys = [as_pubkey(key) for key in as_list(params.get(0), _MAX_MULTIPLE_ACCOUNTS)]
    found = [view.encode(key, accounts.get(key), accounts.get) for key in keys]
    return node.with_context(found, accounts.slot)


def _program_accounts(node: Node, params: Params) -> Json:
    config = params.config(1)
    accounts = node.accounts_at(config.commitment())
    view = AccountView.of(config)
    filters = read_filters(config)
    found: list[Json] = [
        {"pubkey": str(key), "account": view.encode(key, account, accounts.get)}
        for key, account in accounts.owned_by(params.pubkey(0))
        if all(passes(account) for passes in filters)
    ]
    return node.with_context(found, accounts.slot) if config.flag("withContext") else found


def _balance(node: Node, params: Params) -> Json:
    accounts = node.accounts_at(params.config(1).commitment())
    return node.with_context(accounts.balance(params.pubkey(0)), accounts.slot)


def _rent_exemption(node: Node, params: Params) -> Json:
    size = params.integer(0, "usize")
    return node.bank.rent_exempt_minimum(min(size, _MAX_ACCOUNT_BYTES))


METHODS = {
    "getAccountInfo": Method(_account_info, 1, 1),
    "getBalance": Method(_balance, 1, 1),
    "getMinimumBalanceForRentExemption": Method(_rent_exemption, 1, 1),
    "getMultipleAccounts": Method(_multiple_accounts, 1, 1),
    "getProgramAccounts": Method(_program_accounts, 1, 1),
}
