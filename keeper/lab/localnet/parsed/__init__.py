"""Accounts and instructions in the words of `jsonParsed`, as Agave puts them.

Source: Agave `account-decoder` and `transaction-status`, one module there per program.
"""

from .accounts import parse_account
from .instructions import memos, parse_instruction

__all__ = ["memos", "parse_account", "parse_instruction"]
