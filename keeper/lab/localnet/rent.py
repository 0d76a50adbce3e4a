"""Rent state transitions, which LiteSVM leaves unchecked.

The rule is Agave's (`svm/src/rent_calculator.rs`): no transaction may leave an account with
lamports below the rent-exempt minimum, unless it was below before, keeps its size and gains none.
"""

from collections.abc import Iterable

from solders.account import Account
from solders.rent import Rent


def _pays_rent(account: Account | None, rent: Rent) -> bool:
    return (
        account is not None
        and account.lamports > 0
        and account.lamports < rent.minimum_balance(len(account.data))
    )


def rent_violation(
    changes: Iterable[tuple[int, Account | None, Account | None]], rent: Rent
) -> int | None:
    """Returns the index of the first account that may not end as it does; None if all may.

    `changes` gives (account index, account before, account after) of each writable account.
    """
    for index, before, after in changes:
        if after is None or not _pays_rent(after, rent):
            continue
        if (
            before is None
            or not _pays_rent(before, rent)
            or len(before.data) != len(after.data)
            or after.lamports > before.lamports
        ):
            return index
    return None
