"""Resolvers of the user's own: a trusted package registers them when it is imported, and only then is it imported."""

import importlib
import re
import sys

from omegaconf import DictConfig, OmegaConf

from litmus.config.targets import trusted
from litmus.errors import ConfigError, described, quote

CALL = re.compile(r"\$\{([A-Za-z_][\w.]*):")


def load_resolvers(cfg: DictConfig) -> None:
    """Imports what the command line trusts, if the config calls a resolver that nobody has registered.

    Raises:
        ConfigError: A trusted package cannot be imported.
    """
    called = set(CALL.findall(str(OmegaConf.to_container(cfg, resolve=False))))
    if all(map(OmegaConf.has_resolver, called)):
        return
    import_trusted(trusted())


def import_trusted(packages: tuple[str, ...]) -> None:
    """Imports packages that the command line trusts; raises ConfigError."""
    for package in packages:
        try:
            importlib.import_module(package)
        except Exception as error:  # a user's module may fail in any way
            raise ConfigError(f"--allow {package}: cannot import {quote(package)} ({described(error)})") from error


def imported() -> tuple[str, ...]:
    """Trusted packages that are imported in this process, and so have to be in its workers."""
    return tuple(package for package in trusted() if package in sys.modules)
