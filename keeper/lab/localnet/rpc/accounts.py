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
    config.commitment()
    bank = node.bank
    value = AccountView.of(config).encode(bank.account(params.pubkey(0)), bank.account)
    return node.with_context(value)


def _multiple_accounts(node: Node, params: Params) -> Json:
    config = params.config(1)
    config.commitment()
    view = AccountView.of(config)
    keys = [
        as_pubkey(key, "address")
        for key in as_list(params.get(0), "addresses", _MAX_MULTIPLE_ACCOUNTS)
    ]
    bank = node.bank
    return node.with_context([view.encode(bank.account(key), bank.account) for key in keys])


def _program_accounts(node: Node, params: Params) -> Json:
    config = params.config(1)
    config.commitment()
    view = AccountView.of(config)
    filters = read_filters(config)
    bank = node.bank
    found: list[Json] = [
        {"pubkey": str(key), "account": view.encode(account, bank.account)}
        for key, account in bank.program_accounts(params.pubkey(0))
        if all(passes(account) for passes in filters)
    ]
    return node.with_context(found) if config.flag("withContext") else found


def _balance(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    return node.with_context(node.bank.balance(params.pubkey(0)))


def _rent_exemption(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    size = params.integer(0, "data length")
    return node.bank.rent_exempt_minimum(min(size, _MAX_ACCOUNT_BYTES))


METHODS = {
    "getAccountInfo": Method(_account_info, 1, 1),
    "getBalance": Method(_balance, 1, 1),
    "getMinimumBalanceForRentExemption": Method(_rent_exemption, 1, 1),
    "getMultipleAccounts": Method(_multiple_accounts, 1, 1),
    "getProgramAccounts": Method(_program_accounts, 1, 1),
}
