"""One feed for every mirror of a process."""

import inspect

from keeper.chain.feed import Feed
from neurolov_client import PROGRAM_IDS


def test_a_feed_follows_every_program_once() -> None:
    programs = inspect.signature(Feed).parameters["programs"].default
    assert sorted(programs) == sorted(PROGRAM_IDS)
