"""Packages that only some users need: imported when they are used, and named when they are missing."""

from importlib import import_module
from types import ModuleType

from litmus.config import needs
from litmus.errors import ConfigError, Problem


def import_extra(module: str, key: str) -> ModuleType:
    """The module of dotted name `module`, which config key `key` asked for.

    Raises:
        ConfigError: Its package is not installed; the message says what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError([Problem(key, needs(module.partition(".")[0]))]) from error
