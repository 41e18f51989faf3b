"""What a person types, as overrides that Hydra takes: text stays text, and a wrong option names the nearest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from litmus.config.keys import LIST_KEYS, SYNONYMS, TEXT_KEYS, near, quoted, split_list
from litmus.config.root import GROUPS
from litmus.errors import ConfigError, Problem, quote

KEY = re.compile(r"[A-Za-z_][\w-]*([./@][A-Za-z0-9_][\w-]*)*")
CHOICE = re.compile(r"choice\((.*)\)", re.DOTALL)
# Hydra takes no null for a group: this stands for it. Checkpoints are always kept
NULLABLE = {"scheduler": "scheduler=none", "callback": "++callback.early_stopping=null", "logger": "~logger"}
FILES = frozenset({"csv", "parquet", "image_folder", "text"})  # options of data that read data.path
FOLDERS = frozenset({"hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir"})
MOST_LISTED = 8
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
MODELS = {
    "text": "text",
    "notes": "text",
    "image_folder": "cnn",
    "mnist": "cnn",
}  # the default model would not do for these data


@dataclass(frozen=True)
class Library:
    """The options of every group, in our folder and the user's.

    Args:
        folders: Config folders, the first one being ours.
    """

    folders: tuple[Path, ...]

    @cached_property
    def options(self) -> dict[str, list[str]]:
        """Options by group, sorted."""
        found: dict[str, set[str]] = {}
        for folder in self.folders:
            for file in folder.glob("*/*.yaml"):
                if file.parent.name != "hydra":
                    found.setdefault(file.parent.name, set()).add(file.stem)
        return {group: sorted(names) for group, names in sorted(found.items())}

    def file(self, group: str, option: str) -> Path | None:
        """The option's file, in the folder that wins."""
        files = [folder / group / f"{option}.yaml" for folder in self.folders]
        return next((file for file in files if file.is_file()), None)

    def choice(self, experiment: str, group: str) -> str | None:
        """The option of `group` that an experiment's defaults list takes."""
        file = self.file("experiment", experiment)
        lines = file.read_text(encoding="utf-8") if file else ""
        found = re.search(rf"^\s*- override /{group}: *([\w-]+)", lines, re.MULTILINE)
        return found[1] if found else None


@dataclass(frozen=True)
class Overrides:
    """What the words mean.

    Args:
        parsed: All of them, group choices first come first.
        words: The words as they were typed.
    """

    parsed: tuple[Override, ...]
    words: tuple[str, ...]

    @property
    def fixed(self) -> list[str]:
        """Those with one value, as Hydra takes them."""
        return [str(override.input_line) for override in self.parsed if not override.is_sweep_override()]

    @property
    def all(self) -> list[str]:
        """Every one of them, as Hydra takes them."""
        return [str(override.input_line) for override in self.parsed]

    @property
    def swept(self) -> tuple[Override, ...]:
        """Those with several values."""
        return tuple(override for override in self.parsed if override.is_sweep_override())


def translate(words: Sequence[str], library: Library, *, sweep: bool = False) -> Overrides:
    """Overrides for Hydra from `key=value` words.

    For paths, column names and labels everything after the first `=` is text, in a sweep too: there, several are
    written `data.target=choice(a,b)`. A word with a leading `+` means the same as without.

    Raises:
        ConfigError: A word is no `key=value`, cannot be read, or names an option that does not exist; all at once.
    """
    problems: list[Problem] = []
    parsed: list[Override] = []
    for word in _with_implied(words, library):
        try:
            parsed.append(_parse(word, library, sweep=sweep))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return Overrides(tuple(parsed), tuple(words))


def values(words: Sequence[str]) -> dict[str, str]:
    """The text after the first `=` of each word, by key; the last one counts."""
    pairs = [word.lstrip("+").partition("=") for word in words]
    return {key.strip(): value for key, sign, value in pairs if sign}


def _with_implied(words: Sequence[str], library: Library) -> list[str]:
    """The words, after those that follow from them: a file's suffix says what reads it."""
    given = values(words)
    experiment = given.get("experiment", "")
    implied = []
    kind = given.get("data") or library.choice(experiment, "data")
    if given.get("data.path") and "data" not in given and kind not in FILES:
        kind = source_of(given["data.path"])
        implied.append(f"data={kind}")
    if kind in MODELS and not {"model", "model._target_"} & set(given) and not library.choice(experiment, "model"):
        implied.append(f"model={MODELS[kind]}")
    return [*implied, *words]


def path_of(text: str | Path) -> Path:
    """A path as typed: `~` is the user's folder, and a name like any other where there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def source_of(path: str) -> str:
    """The option of `data` that reads `path`: by suffix, or by what the folder holds."""
    place = path_of(path)
    if not place.is_dir():
        return "parquet" if place.suffix.lower() in {".parquet", ".pq"} else "csv"
    inside = (file for pattern in ("*/*", "*/*/*") for file in place.glob(pattern))
    return "image_folder" if any(file.suffix.lower() in PICTURES for file in inside) else "text"


def _parse(word: str, library: Library, *, sweep: bool) -> Override:
    key, sign, text = word.lstrip("+").partition("=")
    key = "callback.early_stopping" if key.strip() == "early_stopping" else key.strip()  # null: off, said shortly
    if word.startswith("~") and KEY.fullmatch(key[1:]):
        return _hydra(word, word)
    if not sign or not KEY.fullmatch(key):
        raise ConfigError(
            [Problem(word if word.strip() else quote(word), "is not key=value", _meant(word, key, library))]
        )
    if key in FOLDERS:
        raise ConfigError([Problem(key, "runs make folders of their own; set output_dir=<folder> and name=<name>")])
    if key in library.options or key in GROUPS:
        if text == "null" and key in NULLABLE:
            return _hydra(NULLABLE[key], word)
        override = _hydra(f"{key}={text}", word)
        _check_options(key, override, library)
    elif key in TEXT_KEYS or key in LIST_KEYS:
        override = _hydra(f"++{key}={_text(key, text, sweep=sweep)}", word)
    else:
        plain = "/" in key or key.startswith("hydra.")
        override = _hydra(f"{key}={text}" if plain else f"++{key}={text}", word)
    if override.is_sweep_override() and not sweep:
        raise ConfigError([Problem(word, "is several values; a sweep needs -m, a list brackets, text quotes")])
    return override


def _meant(word: str, key: str, library: Library) -> str:
    """The override that a word without `=` was probably meant to be."""
    if word.strip() and path_of(word).exists():
        return f"data.path={word}"
    nearest = near(key, [*library.options, *TEXT_KEYS, *SYNONYMS])
    return f"{nearest}=..." if nearest and nearest != "y" else ""


def _hydra(text: str, word: str) -> Override:
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as error:
        key, _, value = word.lstrip("+").partition("=")
        message = f"cannot read {quote(value)}; if it is meant as text, quote it: '{key}={quoted(value)}'"
        raise ConfigError([Problem(key, message)]) from error
    return override


def _text(key: str, text: str, *, sweep: bool) -> str:
    """A raw value in Hydra's grammar."""
    if sweep and (several := CHOICE.fullmatch(text.strip())):
        # between plain commas, for Hydra's own choice() would take the quotes off and read numbers
        return ",".join(_text(key, item, sweep=False) for item in split_list(f"[{several[1]}]"))
    if text == "null" or (key == "data.features" and text.isdigit()):
        return text
    if not text.strip():
        raise ConfigError([Problem(key, "is empty; write a value after the =")])
    if key in TEXT_KEYS:
        return quoted(text)
    if sweep and "],[" in text:
        return text
    items = split_list(text) if text.strip().startswith("[") and text.strip().endswith("]") else [text]
    return f"[{','.join(map(quoted, items))}]"


def _check_options(group: str, override: Override, library: Library) -> None:
    options = library.options.get(group, [])
    wanted = list(override.sweep_string_iterator()) if override.is_discrete_sweep() else [override.value()]
    for option in () if override.is_delete() else wanted:
        if str(option) not in options:
            nearest = near(str(option), options)
            # a long list would push the nearest one out of the line
            listed = ", ".join(options) if len(options) <= MOST_LISTED or not nearest else "one of the group's options"
            message = f"must be {' or '.join(listed.rsplit(', ', 1))}, not {quote(option)}"
            raise ConfigError([Problem(group, message, f"{group}={nearest}" if nearest else "")])
