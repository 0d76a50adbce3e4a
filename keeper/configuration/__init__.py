"""What an operator configures: key files, the cluster, folders, addresses, and profiles of them."""

from keeper.configuration.keyfile import KeyFileError, create_keypair, load_keypair
from keeper.configuration.profiles import (
    DEFAULT_PROFILE,
    ConfigurationFileError,
    Profiles,
    configuration_path,
)
from keeper.configuration.settings import NodeSettings, Preference, Serving

__all__ = [
    "DEFAULT_PROFILE",
    "ConfigurationFileError",
    "KeyFileError",
    "NodeSettings",
    "Preference",
    "Profiles",
    "Serving",
    "configuration_path",
    "create_keypair",
    "load_keypair",
]
