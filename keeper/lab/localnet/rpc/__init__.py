"""Solana's JSON-RPC methods over a bank."""

from .dispatch import answer, call_method
from .node import Node

__all__ = ["Node", "answer", "call_method"]
