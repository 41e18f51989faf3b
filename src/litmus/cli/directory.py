"""Directories of runs and sweeps: each appears whole, is nobody else's, and is taken back when a run is refused."""

import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import final

from litmus.config.command_words import path_of
from litmus.disk import LOCK, replacing, write_text
from litmus.errors import ConfigError, quote

LONGEST = 60
AUTO = "auto"  # hydra.run.dir and hydra.sweep.dir where the user has said nothing
HELD = ("config.yaml", "status.json", "multirun.yaml")  # of a run or a sweep


@final
@dataclass(frozen=True)
class Directory:
    """A directory for one run or sweep.

    Args:
        path: Absolute.
        made: It and those of its parents that did not exist before, the innermost first; empty if it stood there.
        stood: Names of what stood in it before.
    """

    path: Path
    made: tuple[Path, ...]
    stood: frozenset[str] = frozenset()

    @property
    def begun(self) -> bool:
        """Whether a run in it has saved a checkpoint: then it is kept."""
        return any(path for child in self._new() for path in child.glob("**/*.ckpt"))

    def remove(self) -> None:
        """Takes it back with all that came into it, and the parents that were made for it and are empty."""
        for child in self._new():
            shutil.rmtree(child, ignore_errors=True) if child.is_dir() else child.unlink(missing_ok=True)
        _remove_empty(self.made)

    def _new(self) -> list[Path]:
        return [child for child in self.path.iterdir() if child.name not in self.stood] if self.path.is_dir() else []


def make_directory(
    output_dir: str, name: str, prefix: str = "", *, files: Mapping[str, str] | None = None
) -> Directory:
    """`<output_dir>/<name>/<prefix><date>_<time>_<unique>`, which appears with these files in it.

    Args:
        output_dir: Folder of all runs.
        name: Of the run or sweep.
        prefix: Of the directory's name.
        files: Texts by name.

    Raises:
        ConfigError: It cannot be made there.
    """
    parent = path_of(output_dir).absolute() / name
    while True:
        now = datetime.now().astimezone()
        path = parent / f"{prefix}{now:%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(3)}"
        if not path.exists():
            return _made(path, files or {}, "output_dir")


def use_directory(place: str, key: str, *, files: Mapping[str, str] | None = None) -> Directory:
    """The folder that a user has chosen, made if it is not there; what stands in it stays.

    The caller has locked it if it is there.

    Args:
        place: As typed.
        key: The config key that it was given by.
        files: Texts by name.

    Raises:
        ConfigError: It holds a run or a sweep already, or cannot be made.
    """
    path = path_of(place).absolute()
    if any((path / name).exists() for name in HELD):
        remedy = f"go on with it by resume={place}, or choose another folder"
        raise ConfigError(f"{key}: {quote(place)} holds a run or sweep already; {remedy}")
    if not path.is_dir():
        return _made(path, files or {}, key)
    stood = frozenset(child.name for child in path.iterdir()) - {LOCK}
    directory = Directory(path, (), stood)
    try:
        for name, text in (files or {}).items():
            write_text(path / name, text)
    except OSError as error:
        directory.remove()
        raise ConfigError(_refusal(key, path, error)) from error
    return directory


def job_name(number: int | str, overrides: str) -> str:
    """`<n>_<overrides, shortened>`, fit for a folder and for TensorBoard's list of runs.

    A value is written whole, or ends in `~` where it is cut; overrides without room are counted at the end.

    Example:
        >>> job_name(3, "++optimizer.lr=1e+20|++model.hidden=[8,8]")
        '3_lr=1e20,hidden=8-8'
    """
    items = [item.lstrip("+~").partition("=") for item in overrides.split("|") if item.strip("+~")]
    names = _short_keys([key for key, _, _ in items])
    texts = [f"{name}={_plain(value)}" for name, (_, _, value) in zip(names, items, strict=True)]
    for count in range(len(texts), 0, -1):
        more = f",and-{len(texts) - count}-more" if count < len(texts) else ""
        name = f"{number}_{','.join(texts[:count])}{more}"
        if len(name) <= LONGEST:
            return name
    room = LONGEST - len(f"{number}_{more}") - 1 if texts else 0
    return f"{number}_{texts[0][:room]}~{more}" if texts else str(number)


def _short_keys(keys: list[str]) -> list[str]:
    """The last name of each key, with the one before it where two would be called the same."""
    parts = [re.split(r"[./]", key) for key in keys]
    last = [part[-1] for part in parts]
    return [re.sub(r"[^A-Za-z0-9._-]+", "-", ".".join(p[-2:]) if last.count(p[-1]) > 1 else p[-1]) for p in parts]


def _plain(value: str) -> str:
    """A value in letters that every file system takes; numbers keep their sign and exponent."""
    value = re.sub(r"(?<=\d)[eE]\+(?=\d)", "e", value)
    value = re.sub(r"[^A-Za-z0-9._-]+", " ", value).strip()
    return "-".join(value.split())


def _made(path: Path, files: Mapping[str, str], key: str) -> Directory:
    """A new directory with these files; nothing, parents included, if it cannot be made."""
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.mkdir()
            for name, text in files.items():
                (part / name).write_text(text, encoding="utf-8")
    except OSError as error:
        _remove_empty(missing)  # never `path`: if it is there, another process was faster
        raise ConfigError(_refusal(key, path.parent, error)) from error
    return Directory(path, (path, *missing))


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # others have put something into it, or removed it, meanwhile
            folder.rmdir()


def _refusal(key: str, place: Path, error: OSError) -> str:
    reason = f"cannot make a run directory in {quote(str(place))}: {error.strerror or error}"
    return f"{key}: {reason}; choose another by {key}=<folder>"
