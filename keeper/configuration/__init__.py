"""What an operator configures: key files, the cluster, folders and addresses."""

from keeper.configuration.keyfile import KeyFileError, create_keypair, load_keypair
from keeper.configuration.settings import NodeSettings, Serving

__all__ = ["KeyFileError", "NodeSettings", "Serving", "create_keypair", "load_keypair"]
