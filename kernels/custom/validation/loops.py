"""Bounds what one invocation can do.

naga's own bound on loops (`ShaderRuntimeChecks::force_loop_bounding`) is on, but it only gives
endless loops a defined meaning: it ends one after 2^64 turns. So a counter of our own is written
into the text: the turns of all loops of one invocation are counted together, and once they reach
MAX_TURNS every loop ends at its next turn. Calls cannot recurse, so the invocation then ends too.
"""

from collections.abc import Sequence

from kernels.custom.errors import PackageError, Reason
from kernels.custom.validation.module import RESERVED_PREFIX
from kernels.custom.validation.tokens import Token, malformed, rebuilt

MAX_TURNS = 1 << 20

_COUNTER = f"{RESERVED_PREFIX}turns"
_CHECK = f" if {_COUNTER} >= {MAX_TURNS}u {{ break; }} {_COUNTER} += 1u;"
_LOOPS = frozenset({"loop", "for", "while"})


def bounded(tokens: Sequence[Token]) -> str:
    """The text of these tokens, lines kept, in which no invocation takes more than MAX_TURNS."""
    found: list[str] = []
    pending = False
    for token in tokens:
        found.append(rebuilt([token]))
        if token.text in _LOOPS:
            if pending:
                raise malformed(f"{token.text!r} in the head of a loop", token.line)
            pending = True
        elif token.text == "{" and pending:
            found.append(_CHECK)
            pending = False
    if pending:
        raise PackageError(Reason.BAD_SOURCE, "a loop has no body")
    # On the last line, after the directives, which have to come first.
    return f"{''.join(found)} var<private> {_COUNTER}: u32;\n"
