"""Directories of runs and sweeps: each one new, made at once or not at all, and taken back when a run is refused."""

import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import final

from litmus.config.words import path_of
from litmus.errors import ConfigError, quote

LONGEST = 60


@final
@dataclass(frozen=True)
class Directory:
    """A directory that nobody else has.

    Args:
        path: Absolute.
        made: It and those of its parents that did not exist before, the innermost first.
    """

    path: Path
    made: tuple[Path, ...]

    def remove(self) -> None:
        """Takes it back with all that is in it, and the parents that were made for it and are empty."""
        shutil.rmtree(self.path, ignore_errors=True)
        for parent in self.made[1:]:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()


def make_directory(output_dir: str, name: str, prefix: str = "") -> Directory:
    """`<output_dir>/<name>/<prefix><date>_<time>_<unique>`.

    Raises:
        ConfigError: It cannot be made there.
    """
    parent = path_of(output_dir).absolute() / name
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            now = datetime.now().astimezone()
            path = parent / f"{prefix}{now:%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(3)}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return Directory(path, (path, *missing))
    except OSError as error:
        Directory(parent, tuple(missing)).remove() if missing else None
        message = f"cannot make a run directory in {quote(str(parent))}: {error.strerror or error}"
        raise ConfigError(f"output_dir: {message}; choose another by output_dir=<folder>") from error


def job_name(number: int | str, overrides: str) -> str:
    """`<n>_<overrides, shortened>`, fit for a folder and for TensorBoard's list of runs.

    Example:
        >>> job_name(3, "++optimizer.lr=0.1|++model.hidden=[8,8]")
        '3_lr=0.1,hidden=8-8'
    """
    items = [_short(item) for item in overrides.split("|") if item]
    return f"{number}_{','.join(items)}"[:LONGEST].rstrip("_,-=.") if items else str(number)


def _short(item: str) -> str:
    key, _, value = item.lstrip("+~").partition("=")
    value = re.sub(r"[^A-Za-z0-9._-]+", "-", value).strip("-")
    return f"{key.rpartition('.')[2].rpartition('/')[2]}={value}"


def leftovers(directory: Path) -> Iterable[Path]:
    """Checkpoints in a directory: where there are any, a run has begun and is kept."""
    return directory.glob("**/*.ckpt")
