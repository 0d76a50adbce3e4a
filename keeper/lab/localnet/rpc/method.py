"""What a method is."""

from collections.abc import Callable
from typing import NamedTuple

from ..ledger import Json
from .node import Node
from .params import Params


class Method(NamedTuple):
    """A handler with the numbers of parameters it requires and takes beyond those.

    Where a method takes a configuration object it is the last parameter. A `named` method takes
    one object in place of the list, too.
    """

    handler: Callable[[Node, Params], Json]
    required: int = 0
    optional: int = 0
    named: bool = False
