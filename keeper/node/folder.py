"""A node's folder: what it keeps there belongs to one chain, named by its genesis hash.

The folder itself belongs to the chain that it was first used with. Any other chain gets a folder of
its own within it, so that nothing of one chain is mistaken for another's and nothing is lost.
"""

import json
from pathlib import Path
from typing import Final

from solders.hash import Hash, ParseHashError

from keeper.errors import BadInputError, KeeperError
from keeper.files import replace_atomically
from keeper.locks import Turn

RECORD: Final = "chain.json"
"""Names the chain that a folder belongs to."""
TURN: Final = "chain.turn"
"""Whose turn it is to record a chain."""
CHAINS: Final = "chains"
"""Within a folder: the folders of the other chains, by genesis hash."""


class OtherChainError(BadInputError):
    """The folder belongs to another chain than the cluster's."""


class ChainRecordError(KeeperError):
    """What names a folder's chain cannot be read."""


def open_folder(folder: Path, genesis: Hash, url: str, *, fresh: bool) -> Path:
    """Returns where the node keeps what belongs to a chain; at the first use, records the chain.

    `url` is the cluster's. With `fresh`, a chain that the folder does not know gets a folder of
    its own within it. Otherwise raises OtherChainError, and nothing has been written. Raises
    ChainRecordError where the record is damaged.
    """
    if _recorded(found := folder_of(folder, genesis, url, fresh=fresh)) is None:
        with Turn(folder / TURN):
            # Another process may have used the folder first, perhaps with another chain.
            found = folder_of(folder, genesis, url, fresh=fresh)
            with replace_atomically(found / RECORD) as file:
                file.write(json.dumps({"genesis_hash": str(genesis)}).encode())
    return found


def folder_of(folder: Path, genesis: Hash, url: str, *, fresh: bool) -> Path:
    """Returns where the node keeps, or would keep, what belongs to a chain; writes nothing.

    Raises what `open_folder` raises.
    """
    recorded = _recorded(folder)
    if recorded is None or recorded == genesis:
        return folder
    own = folder / CHAINS / str(genesis)
    if fresh or _recorded(own) == genesis:
        return own
    raise OtherChainError(
        f"folder {folder} belongs to the chain {recorded}; the cluster at {url} is the chain "
        f"{genesis}; go on with --fresh, which keeps {folder} as it is and gives the new chain "
        "a folder of its own in it, or name another --folder"
    )


def _recorded(folder: Path) -> Hash | None:
    path = folder / RECORD
    try:
        return Hash.from_string(json.loads(path.read_bytes())["genesis_hash"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, ParseHashError) as error:
        raise ChainRecordError(
            f"{path} is damaged ({type(error).__name__}); restore it, or name another --folder"
        ) from error
