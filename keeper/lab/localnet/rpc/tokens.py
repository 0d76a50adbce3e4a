"""Methods that read SPL token accounts and mints."""

from collections.abc import Callable, Iterator

from solders.account import Account
from solders.pubkey import Pubkey

from ..accounts import AccountsAt
from ..ledger import Json
from ..spl_token import (
    TOKEN_PROGRAMS,
    Mint,
    TokenAccount,
    read_mint,
    read_token_account,
    ui_amount,
)
from .encoding import AccountView
from .errors import invalid_params
from .method import Method
from .node import Node
from .params import Params, as_pubkey, as_single

_LARGEST_ACCOUNTS = 20


def _token_accounts(accounts: AccountsAt) -> Iterator[tuple[Pubkey, Account, TokenAccount]]:
    for program in TOKEN_PROGRAMS:
        for key, account in accounts.owned_by(program):
            token = read_token_account(account)
            if token is not None:
                yield key, account, token


def _require_mint(accounts: AccountsAt, address: Pubkey) -> Mint:
    account = accounts.get(address)
    if account is None:
        raise invalid_params("Invalid param: could not find mint")
    mint = read_mint(account)
    if mint is None:
        raise invalid_params("Invalid param: Token mint could not be unpacked")
    return mint


def _selection(accounts: AccountsAt, params: Params) -> Callable[[TokenAccount], bool]:
    """Returns the caller's choice of accounts: of one mint or of one token program."""
    kind, value = as_single(params.get(1), ("mint", "programId"))
    address = as_pubkey(value)
    if kind == "mint":
        _require_mint(accounts, address)
        return lambda token: token.mint == address
    if address not in TOKEN_PROGRAMS:
        raise invalid_params("Invalid param: unrecognized Token program id")
    return lambda token: token.program == address


def _by_party(node: Node, params: Params, party: Callable[[TokenAccount], Pubkey | None]) -> Json:
    address = params.pubkey(0)
    config = params.config(2)
    accounts = node.accounts_at(config.commitment())
    selected = _selection(accounts, params)
    view = AccountView.of(config)
    found: list[Json] = [
        {"pubkey": str(key), "account": view.encode(key, account, accounts.get)}
        for key, account, token in _token_accounts(accounts)
        if party(token) == address and selected(token)
    ]
    return node.with_context(found, accounts.slot)


def _by_owner(node: Node, params: Params) -> Json:
    return _by_party(node, params, lambda token: token.owner)


def _by_delegate(node: Node, params: Params) -> Json:
    return _by_party(node, params, lambda token: token.delegate)


def _account_balance(node: Node, params: Params) -> Json:
    accounts = node.accounts_at(params.config(1).commitment())
    account = accounts.get(params.pubkey(0))
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    token = read_token_account(account)
    if token is None:
        raise invalid_params("Invalid param: not a Token account")
    decimals = _require_mint(accounts, token.mint).decimals
    return node.with_context(ui_amount(token.amount, decimals), accounts.slot)


def _supply(node: Node, params: Params) -> Json:
    accounts = node.accounts_at(params.config(1).commitment())
    account = accounts.get(params.pubkey(0))
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    mint = read_mint(account)
    if mint is None:
        raise invalid_params("Invalid param: not a Token mint")
    return node.with_context(ui_amount(mint.supply, mint.decimals), accounts.slot)


def _largest_accounts(node: Node, params: Params) -> Json:
    accounts = node.accounts_at(params.config(1).commitment())
    address = params.pubkey(0)
    mint = _require_mint(accounts, address)
    holders = [
        (token.amount, str(key))
        for key, _, token in _token_accounts(accounts)
        if token.mint == address
    ]
    holders.sort(key=lambda holder: (-holder[0], holder[1]))
    found: list[Json] = [
        {"address": key, **ui_amount(amount, mint.decimals)}
        for amount, key in holders[:_LARGEST_ACCOUNTS]
    ]
    return node.with_context(found, accounts.slot)


METHODS = {
    "getTokenAccountBalance": Method(_account_balance, 1, 1),
    "getTokenAccountsByDelegate": Method(_by_delegate, 2, 1),
    "getTokenAccountsByOwner": Method(_by_owner, 2, 1),
    "getTokenLargestAccounts": Method(_largest_accounts, 1, 1),
    "getTokenSupply": Method(_supply, 1, 1),
}
