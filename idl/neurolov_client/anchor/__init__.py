"""The programs for anchorpy: `pip install neurolov-client[anchorpy]`.

For those who use anchorpy already; the rest of this package does without it. anchorpy reads only
the IDL of Anchor before 0.30, so the JSON files of this folder are the IDLs in that form.
"""

from importlib.resources import files

try:
    from anchorpy.program.core import Program
    from anchorpy.provider import Provider
    from anchorpy_core.idl import Idl
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "anchorpy is missing; run: pip install 'neurolov-client[anchorpy]'", name=error.name
    ) from error

from neurolov_client.addresses import PROGRAM_IDS


def idl(name: str) -> Idl:
    """Returns the IDL of the program with this name; raises KeyError where there is none."""
    if name not in PROGRAM_IDS:
        raise KeyError(name)
    return Idl.from_json(files(__name__).joinpath(f"{name}.json").read_text("utf-8"))


def program(name: str, provider: Provider) -> Program:
    """Returns anchorpy's program with this name, over a connection and the wallet that pays.

    anchorpy takes every account by name: an optional one that is left out is the program's own id.
    Codes and enums are integers, as in the account types of this package. Raises KeyError where
    there is no program of this name.
    """
    return Program(idl(name), PROGRAM_IDS[name], provider)


__all__ = ["idl", "program"]
