"""Methods that read SPL token accounts and mints."""

from collections.abc import Callable, Iterator

from solders.account import Account
from solders.pubkey import Pubkey

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
from .params import Params, as_pubkey

_LARGEST_ACCOUNTS = 20


def _token_accounts(node: Node) -> Iterator[tuple[Pubkey, Account, TokenAccount]]:
    for program in TOKEN_PROGRAMS:
        for key, account in node.bank.program_accounts(program):
            token = read_token_account(account)
            if token is not None:
                yield key, account, token


def _require_mint(node: Node, address: Pubkey) -> Mint:
    mint = read_mint(node.bank.account(address))
    if mint is None:
        raise invalid_params("Invalid param: could not find mint")
    return mint


def _selection(node: Node, params: Params) -> Callable[[TokenAccount], bool]:
    """Returns the caller's choice of accounts: of one mint or of one token program."""
    choice = params.config(1)
    if choice.get("mint") is not None:
        address = as_pubkey(choice.get("mint"), "mint")
        _require_mint(node, address)
        return lambda token: token.mint == address
    program = as_pubkey(choice.get("programId"), "programId")
    if program not in TOKEN_PROGRAMS:
        raise invalid_params("Invalid param: unrecognized Token program id")
    return lambda token: token.program == program


def _by_party(node: Node, params: Params, party: Callable[[TokenAccount], Pubkey | None]) -> Json:
    address = params.pubkey(0)
    selected = _selection(node, params)
    config = params.config(2)
    config.commitment()
    view = AccountView.of(config)
    return node.with_context(
        [
            {"pubkey": str(key), "account": view.encode(account, node.bank.account)}
            for key, account, token in _token_accounts(node)
            if party(token) == address and selected(token)
        ]
    )


def _by_owner(node: Node, params: Params) -> Json:
    return _by_party(node, params, lambda token: token.owner)


def _by_delegate(node: Node, params: Params) -> Json:
    return _by_party(node, params, lambda token: token.delegate)


def _account_balance(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    account = node.bank.account(params.pubkey(0))
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    token = read_token_account(account)
    if token is None:
        raise invalid_params("Invalid param: not a Token account")
    return node.with_context(ui_amount(token.amount, _require_mint(node, token.mint).decimals))


def _supply(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    address = params.pubkey(0)
    if node.bank.account(address) is None:
        raise invalid_params("Invalid param: could not find account")
    mint = read_mint(node.bank.account(address))
    if mint is None:
        raise invalid_params("Invalid param: not a Token mint")
    return node.with_context(ui_amount(mint.supply, mint.decimals))


def _largest_accounts(node: Node, params: Params) -> Json:
    params.config(1).commitment()
    address = params.pubkey(0)
    mint = _require_mint(node, address)
    holders = [
        (token.amount, str(key)) for key, _, token in _token_accounts(node) if token.mint == address
    ]
    holders.sort(key=lambda holder: (-holder[0], holder[1]))
    return node.with_context(
        [
            {"address": key, **ui_amount(amount, mint.decimals)}
            for amount, key in holders[:_LARGEST_ACCOUNTS]
        ]
    )


METHODS = {
    "getTokenAccountBalance": Method(_account_balance, 1, 1),
    "getTokenAccountsByDelegate": Method(_by_delegate, 2, 1),
    "getTokenAccountsByOwner": Method(_by_owner, 2, 1),
    "getTokenLargestAccounts": Method(_largest_accounts, 1, 1),
    "getTokenSupply": Method(_supply, 1, 1),
}
