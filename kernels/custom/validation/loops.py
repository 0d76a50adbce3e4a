"""Bounds the loop turns of one invocation.

naga's own bound on loops (`ShaderRuntimeChecks::force_loop_bounding`) is on, but it only gives
endless loops a defined meaning: it ends one after 2^64 turns. So a counter of our own is written
into the source. It counts the turns of all loops of one invocation together; once it reaches
MAX_TURNS, every loop ends at its next turn. Calls cannot recurse, so the invocation then ends too.
"""

from collections.abc import Sequence

from kernels.custom.errors import PackageError, Reason
from kernels.custom.validation.module import RESERVED_PREFIX
from kernels.custom.validation.tokens import Token, malformed

MAX_TURNS = 1 << 20
COUNTER = f"{RESERVED_PREFIX}turns"
DECLARATION = f"var<private> {COUNTER}: u32;"

_LOOPS = frozenset({"loop", "for", "while"})


def turn_checks(tokens: Sequence[Token]) -> dict[int, str]:
    """Returns the text to insert after each token's number, so that no invocation exceeds
    MAX_TURNS.

    Raises PackageError (BadSource) where a loop has no body of its own.
    """
    check = f" if {COUNTER} >= {MAX_TURNS}u {{ break; }} {COUNTER} += 1u;"
    found: dict[int, str] = {}
    pending = False
    for at, token in enumerate(tokens):
        if token.text in _LOOPS:
            if pending:
                raise malformed(f"{token.text!r} in the head of a loop", token.line)
            pending = True
        elif token.text == "{" and pending:
            found[at] = check
            pending = False
    if pending:
        raise PackageError(Reason.BAD_SOURCE, "a loop has no body")
    return found
