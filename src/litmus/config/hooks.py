"""What Hydra and Python's logging would load or build from a config, which can name any code: only what is known."""

import re
from collections.abc import Iterator
from typing import Any

from litmus.config.targets import trusted
from litmus.errors import ConfigError, Problem, quote

CLASSES = frozenset(
    {
        *("logging.Formatter", "logging.StreamHandler", "logging.FileHandler", "logging.NullHandler"),
        *("logging.handlers.RotatingFileHandler", "logging.handlers.TimedRotatingFileHandler"),
        *("colorlog.ColoredFormatter", "colorlog.TTYColoredFormatter", "rich.logging.RichHandler"),
    }
)
STREAMS = frozenset({"ext://sys.stdout", "ext://sys.stderr"})
FOLDER = "${hydra.runtime.output_dir}/"
INTERPOLATION = re.compile(r"\$\{hydra\.(runtime\.output_dir|job\.(name|num|id))\}")  # of these, no code can come
# a folder; looked into as a package (pkg://), it would be imported
PLACE = re.compile(r"(file://)?(\$\{oc\.env:\w+\})?[^$:]*")
# what makes the programs that a process starts load code
LOADING = re.compile(r"(LD_|DYLD_|PYTHON)", re.IGNORECASE)


def problems_of_logging(node: Any, key: str) -> Iterator[Problem]:
    """What a logging config, unresolved, may not hold: unknown classes, objects looked up by name, files elsewhere."""
    if isinstance(node, list):
        for place, item in enumerate(node):
            yield from problems_of_logging(item, f"{key}[{place}]")
    elif isinstance(node, dict):
        for word, item in node.items():
            yield from _problems_of_key(str(word), item, f"{key}.{word}")
            yield from problems_of_logging(item, f"{key}.{word}")
    elif isinstance(node, str):
        if node.startswith("ext://") and node not in STREAMS:
            yield Problem(key, f"{quote(node)} would load code; only {' and '.join(sorted(STREAMS))} are looked up")
        elif "${" in INTERPOLATION.sub("", node):
            yield Problem(key, f"{quote(node)} may stand for anything; write the value itself")


def _problems_of_key(word: str, value: Any, key: str) -> Iterator[Problem]:
    if word in {"()", "class"} and not _known(str(value)):
        yield Problem(
            key, f"{quote(value)} is not a class that a config may log by; use one such as logging.FileHandler"
        )
    if word == "filename" and not (str(value).startswith(FOLDER) and ".." not in str(value)):
        yield Problem(key, f"{quote(value)} is no file in the run's folder; write {FOLDER}<name>.log")


def _known(name: str) -> bool:
    return name in CLASSES or any(name.startswith(f"{package}.") for package in trusted())


def judge_environment(variables: Any) -> None:
    """A config may not set what makes a program load code; raises ConfigError."""
    for name in variables if isinstance(variables, dict) else ():
        if LOADING.match(str(name)):
            message = "would have programs load code, which a config may not; set it in the shell"
            raise ConfigError([Problem(f"hydra.job.env_set.{name}", message)])


def judge_searchpath(places: Any) -> None:
    """Configs are looked for in folders, and in packages that the command line trusts; raises ConfigError."""
    for place in places if isinstance(places, list) else [] if places is None else [places]:
        package = str(place).removeprefix("pkg://").split(".")[0]
        if not PLACE.fullmatch(str(place)) and not (str(place).startswith("pkg://") and package in trusted()):
            message = f"{quote(str(place))} is no folder; a package would be imported: allow it by --allow {package}"
            raise ConfigError([Problem("hydra.searchpath", message)])
