"""Where our own configs are, and what they choose by default."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = "train"


def conf_dir() -> Path:
    """The folder of our own configs: beside src/ in a clone, inside the package in a wheel."""
    package = Path(__file__).resolve().parents[1]
    clone = package.parents[1] / "conf"
    return clone if package.parent.name == "src" and (clone / f"{ROOT}.yaml").is_file() else package / "conf"


@cache
def default_option(group: str) -> dict[str, Any]:
    """The content of the option that the root takes of a group unless told otherwise."""
    folder = conf_dir()
    choices = [item for item in _read(folder / f"{ROOT}.yaml")["defaults"] if isinstance(item, dict)]
    return _read(folder / group / f"{next(item[group] for item in choices if group in item)}.yaml")


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content
