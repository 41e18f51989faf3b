"""What a person types, as overrides that Hydra takes: text stays text, and a wrong option names the nearest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException

from litmus.config.hooks import judge_searchpath
from litmus.config.keys import (
    LIST_KEYS,
    PLACE_KEYS,
    SYNONYMS,
    TEXT_KEYS,
    as_word,
    hydra_text,
    near,
    quoted,
    split_list,
    unquoted,
)
from litmus.config.root import GROUPS, SECTIONS
from litmus.errors import ConfigError, Problem, quote

KEY = re.compile(r"[A-Za-z_][\w-]*([./@][A-Za-z0-9_][\w-]*)*")
INTERPOLATION = re.compile(r"\$\{\.*[A-Za-z_][\w./\[\]-]*(:[^{}]*)?\}")  # of a key, or by a resolver such as oc.env
# one interpolation within another, which Hydra reads between quotes only
NESTED = re.compile(r"\$\{[\w.]+:[^'\"{}]*(\$\{[^{}'\"]*\}[^'\"{}]*)+\}")
CHOICE = re.compile(r"choice\((.*)\)", re.DOTALL)
# Hydra takes no null for a group: this stands for it. Checkpoints are always kept
NULLABLE = {"scheduler": "scheduler=none", "callback": "++callback.early_stopping=null", "logger": "~logger"}
FILES = frozenset({"csv", "parquet", "image_folder", "text"})  # options of data that read data.path
MOST_LISTED = 8
# Nodes of Hydra's whose keys are the user's own, and which therefore list none
OPEN = ("hydra.job.env_set", "hydra.callbacks", "hydra.job_logging", "hydra.hydra_logging")
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
        root: The config that everything starts from.
    """

    folders: tuple[Path, ...]
    root: str = "train"

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

    def choice(self, experiments: Iterable[str], group: str) -> str | None:
        """The option of `group` that the root of the user's, or the last of the experiments, takes by its defaults."""
        found = [
            str(item[key])
            for node in self._written(experiments)
            for item in node.get("defaults") or []
            if isinstance(item, dict)
            for key in (f"override /{group}", f"override {group}", f"/{group}")
            if key in item
        ]
        return found[-1] if found else None

    def value(self, experiments: Iterable[str], section: str, key: str) -> str | None:
        """What the root of the user's, or the last of the experiments, sets `<section>.<key>` to, as text."""
        nodes = [node.get(section) for node in self._written(experiments)]
        found = [node[key] for node in nodes if isinstance(node, dict) and node.get(key) is not None]
        return str(found[-1]) if found else None

    def _written(self, experiments: Iterable[str]) -> list[dict[str, Any]]:
        """The contents of the user's root and of the experiments, in their order; what cannot be read is empty."""
        roots = [folder / f"{self.root}.yaml" for folder in self.folders[1:]]
        files = [*roots, *(self.file("experiment", name) for name in experiments)]
        return [_mapping(file) for file in files if file and file.is_file()]


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}  # Hydra says it
    return content if isinstance(content, dict) else {}


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
    library = replace(library, folders=(*library.folders, *_further_folders(words)))
    for word in _with_implied(words, library):
        try:
            parsed.append(override := _parse(word, library, sweep=sweep))
            if override.key_or_group == "hydra.searchpath":
                judge_searchpath(
                    [*override.sweep_string_iterator()] if override.is_sweep_override() else override.value()
                )
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return Overrides(tuple(parsed), tuple(words))


def values(words: Sequence[str]) -> dict[str, str]:
    """The text after the first `=` of each word, by key; the last one counts."""
    pairs = [(key.strip(), text) for key, sign, text in (word.lstrip("+").partition("=") for word in words) if sign]
    return {key: unquoted(text) if key in TEXT_KEYS | PLACE_KEYS else text for key, text in pairs}


def words_of(overrides: Mapping[str, Any] | Sequence[str] | None) -> list[str]:
    """Words as on the command line from a mapping of keys to plain values, or from words.

    Example:
        >>> words_of({"optimizer.lr": 0.01, "model": {"hidden": [8, 8]}, "data.target": "Survived (yes/no)"})
        ['optimizer.lr=0.01', 'model.hidden=[8,8]', 'data.target=Survived (yes/no)']
    """
    if overrides is None:
        return []
    if isinstance(overrides, str):
        return [overrides]
    if not isinstance(overrides, Mapping):
        return [str(word) for word in overrides]
    words = []
    for key, value in overrides.items():
        if isinstance(value, Mapping) and key in SECTIONS:
            words += words_of({f"{key}.{word}": item for word, item in value.items()})
        else:
            words.append(_word(key, value))
    return words


def _word(key: str, value: Any) -> str:
    """A Python value as the command line takes it."""
    plain = value.tolist() if hasattr(value, "tolist") else value  # of numpy
    if isinstance(plain, Path) or (isinstance(plain, str) and (key in TEXT_KEYS or key in PLACE_KEYS)):
        return as_word(key, str(plain))
    return f"{key}={hydra_text(plain)}"


def _with_implied(words: Sequence[str], library: Library) -> list[str]:
    """The words, after those that follow from them: a file's suffix says what reads it."""
    words = [part for word in words for part in _below(word)]
    given = values(words)
    text = given.get("experiment", "")
    experiments = split_list(text) if text.startswith("[") else [text]
    implied = []
    kind = given.get("data") or library.choice(experiments, "data")
    path = given.get("data.path") or library.value(experiments, "data", "path")
    chosen = "data" in given or ("data.path" not in given and kind is not None)
    if path and not chosen and kind not in FILES and not library.value(experiments, "data", "_target_"):
        kind = source_of(path)
        implied.append(f"data={kind}")
    if kind in MODELS and not {"model", "model._target_"} & set(given) and not library.choice(experiments, "model"):
        implied.append(f"model={MODELS[kind]}")
    return [*implied, *(part for word in words for part in _spelled_out(word))]


def _further_folders(words: Sequence[str]) -> list[Path]:
    """The folders that `hydra.searchpath` names on the line, whose options are options too."""
    text = values(words).get("hydra.searchpath", "")
    places = split_list(text) if text.startswith("[") else [text]
    return [
        Path(place.removeprefix("file://")) for place in places if place and ":" not in place.removeprefix("file://")
    ]


def _below(word: str) -> list[str]:
    """The words for one that gives a group a mapping, `model={hidden: [4]}`: one for each of its keys."""
    key, _, text = word.lstrip("+").partition("=")
    if key.strip() not in GROUPS or not (text.startswith("{") and text.endswith("}")):
        return [word]
    found = _hydra(f"{key}={text}", word).value()
    return words_of({key.strip(): found}) if isinstance(found, dict) else [word]


def _spelled_out(word: str) -> list[str]:
    """The words for one that Hydra has no grammar for: several loggers, and groups that cannot be deleted."""
    key, _, text = word.lstrip("+").partition("=")
    if key.strip() == "logger" and text.startswith("[") and text.endswith("]"):
        names = split_list(text)
        return ["~logger", *(f"+logger@logger.{name}={name}" for name in dict.fromkeys(names))]
    if word.startswith("~") and word[1:] in NULLABLE:
        return [f"{word[1:]}=null"]
    return [word]


def path_of(text: str | Path) -> Path:
    """A path as typed: `~` is the user's folder, and a name like any other where there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def _exists(place: Path) -> bool:
    """Whether there is such a file or folder; what is too long for a name is none."""
    try:
        return place.exists()
    except OSError:
        return False


def source_of(path: str) -> str:
    """The option of `data` that reads `path`: by suffix, or by what the folder holds."""
    place = path_of(path)
    if not _exists(place) or not place.is_dir():
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
    if "@" in key:
        return _packaged(word, library)
    if key in library.options or key in GROUPS:
        if text == "null" and key in NULLABLE:
            return _hydra(NULLABLE[key], word)
        override = _hydra(f"{key}={text}", word)
        _check_options(key, override, library)
    elif key in TEXT_KEYS or key in LIST_KEYS or key in PLACE_KEYS:
        override = _hydra(f"++{key}={_text(key, text, sweep=sweep)}", word)
    else:
        plain = "/" in key or (
            key.startswith("hydra.") and not f"{key}.".startswith(tuple(f"{node}." for node in OPEN))
        )
        override = _hydra(f"{key}={text}" if plain else f"++{key}={text}", word)
    if override.is_sweep_override() and not sweep:
        raise ConfigError([Problem(word, "is several values; a sweep needs -m, a list brackets, text quotes")])
    return expanded(override, library)


def _packaged(word: str, library: Library) -> Override:
    """An option that is put somewhere else than its group: `+callback@callback.mine=mine`."""
    override = _hydra(word, word)
    place = str(override.package)
    if override.key_or_group in library.options:
        if place.partition(".")[0] not in {*SECTIONS, "_global_"}:
            group = override.key_or_group
            message = (
                f"a run has no place called {quote(place)}; write {group}={override.value()}, or a key below {group}"
            )
            raise ConfigError([Problem(f"{group}@{place}", message)])
        _check_options(override.key_or_group, override, library)
    return override


def expanded(override: Override, library: Library) -> Override:
    """The override with its values listed one by one where it names options by a pattern, or in random order.

    Hydra would look for options in our folder only, and would draw another order each time it is asked.

    Raises:
        ConfigError: The key is no group, or none of its options matches.
    """
    key = override.key_or_group
    value: Any = override.value()  # Hydra's own hint leaves patterns out
    if not isinstance(value, Glob):
        shuffled = override.is_discrete_sweep() and getattr(value, "shuffle", False)
        return _listed(override, list(override.sweep_string_iterator())) if shuffled else override
    options = library.options.get(key, [])
    if not options:
        raise ConfigError([Problem(key, f"glob() chooses among the options of a group; write the values: {key}=a,b")])
    matching = value.filter(options)
    if not matching:
        pattern = quote(",".join(value.include))
        raise ConfigError([Problem(key, f"no option matches {pattern}; there is {', '.join(options)}")])
    return _listed(override, matching)


def as_typed(line: str) -> str:
    """An override in Hydra's grammar as a word of our command line, where what follows a text key's `=` is text."""
    key, _, text = line.partition("=")
    if key.lstrip("+") not in TEXT_KEYS | PLACE_KEYS or text[:1] not in {"'", '"'}:
        return line
    value = str(OverridesParser.create().parse_override(line).value())
    return as_word(key, value).replace(r"\${", "${")


def _listed(override: Override, texts: Sequence[str]) -> Override:
    line = f"{override.get_key_element()}={','.join(texts)}"
    if len(texts) == 1:  # a sweep over one option is a sweep still
        line = f"{override.get_key_element()}=choice({texts[0]})"
    return OverridesParser.create().parse_override(line)


def _meant(word: str, key: str, library: Library) -> str:
    """The override that a word without `=` was probably meant to be."""
    if word.strip() and _exists(path_of(word)):
        return f"data.path={word}"
    nearest = near(key, [*library.options, *TEXT_KEYS, *SYNONYMS])
    return f"{nearest}=..." if nearest and nearest != "y" else ""


def _hydra(text: str, word: str) -> Override:
    place, _, written = text.partition("=")
    if NESTED.fullmatch(written):
        text = f"{place}={quoted(written, resolved=True)}"
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
    if key in TEXT_KEYS or key in PLACE_KEYS:
        text = unquoted(text)
    if not text.strip():
        raise ConfigError([Problem(key, "is empty; write a value after the =")])
    if key in PLACE_KEYS and INTERPOLATION.search(text):
        return quoted(text, resolved=not (key.startswith("data.") and _exists(path_of(text))))  # a file is a file
    if key in TEXT_KEYS or key in PLACE_KEYS:
        return quoted(text)
    if sweep and "],[" in text:
        return text
    items = split_list(text) if text.strip().startswith("[") and text.strip().endswith("]") else [text]
    return f"[{','.join(map(quoted, items))}]"


def _check_options(group: str, override: Override, library: Library) -> None:
    options = library.options.get(group, [])
    value: Any = override.value()
    if isinstance(value, Glob):  # see `expanded`
        return
    wanted = list(override.sweep_string_iterator()) if override.is_discrete_sweep() else [value]
    lists = (split_list(item) if isinstance(item, str) and item[:1] == "[" else item for item in wanted)
    wanted = [item for option in lists for item in (option if isinstance(option, list) else [option])]
    for option in () if override.is_delete() else wanted:
        if str(option) not in options:
            nearest = near(str(option), options)
            # a long list would push the nearest one out of the line
            listed = ", ".join(options) if len(options) <= MOST_LISTED or not nearest else "one of the group's options"
            message = f"must be {' or '.join(listed.rsplit(', ', 1))}, not {quote(option)}"
            raise ConfigError([Problem(group, message, f"{group}={nearest}" if nearest else "")])
