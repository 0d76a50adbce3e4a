"""One feed for every mirror of a process."""

import inspect

from idl.client import PROGRAM_IDS
from keeper.chain.feed import Feed


def test_a_feed_follows_every_program_once() -> None:
    programs = inspect.signature(Feed).parameters["programs"].default
    assert sorted(programs) == sorted(PROGRAM_IDS)
