"""Configs as plain values: for checking, for saving without secrets, and read back without trust."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from litmus.errors import ConfigError, Problem

MAX_CHARACTERS = 1_000_000
MAX_NODES = 20_000  # after every alias is written out; ours have about a hundred
MAX_DEPTH = 50
REMEMBERED = 3  # keys deep, parts of a config are written one by one: `hydra.runtime.output_dir` differs in each job

_texts: dict[str, str] = {}  # what was written before, by its repr
_REFERENCE = re.compile(r"\$\{([\w./\[\]-]+)\}")


def to_plain(cfg: DictConfig | Mapping[str, Any], *, resolve: bool = True) -> dict[str, Any]:
    """The config as dicts, lists and scalars, without the `hydra` node; what is missing stays `???`.

    Raises:
        OmegaConfBaseException: An interpolation leads nowhere.
    """
    if not isinstance(cfg, DictConfig):
        if "${" not in repr(cfg):  # as a checkpoint keeps it: there is nothing to resolve
            return {str(key): _copied(value) for key, value in cfg.items() if key != "hydra"}
        cfg = OmegaConf.create(dict(cfg))
    if "hydra" in cfg:
        cfg = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
    plain = OmegaConf.to_container(cfg, resolve=resolve)
    assert isinstance(plain, dict)  # noqa: S101  # a DictConfig's container is a dict
    return {str(key): value for key, value in plain.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list | tuple) else value


def saved(cfg: DictConfig) -> dict[str, Any]:
    """The config as it may be written to disk: resolved, but what comes from the environment stays a reference."""
    raw = to_plain(cfg, resolve=False)

    def visit(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {word: visit(item, f"{key}.{word}".lstrip(".")) for word, item in value.items()}
        if isinstance(value, list):
            return [visit(item, f"{key}[{place}]") for place, item in enumerate(value)]
        if not isinstance(value, str) or "${" not in value or _secret(value, key, raw):
            return value
        found = OmegaConf.select(cfg, key)
        return OmegaConf.to_container(found, resolve=True) if OmegaConf.is_config(found) else found

    return {key: visit(value, key) for key, value in raw.items()}


def to_yaml(plain: Mapping[str, Any]) -> str:
    """As OmegaConf writes it, byte for byte; parts that this process has written before are remembered.

    The jobs of a sweep differ in few of them, and writing a config takes several times as long as making it.

    Args:
        plain: Dicts, lists and scalars.
    """
    return "".join(_written_part((key,), value) for key, value in plain.items()) or _written({})


def _written_part(keys: tuple[str, ...], value: Any) -> str:
    """A value below its keys: of a mapping or list, part by part below the lines that open it."""
    head = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(keys))
    if isinstance(value, dict) and value and len(keys) < REMEMBERED:
        parts = [_written_part((*keys, word), item) for word, item in value.items()]
    elif isinstance(value, list) and len(value) > 1 and len(keys) == REMEMBERED:
        parts = [_written_part(keys, [item]) for item in value]
    else:
        parts = []
    if parts and all(part.startswith(head) for part in parts):  # else a key is one that YAML quotes
        return head + "".join(part.removeprefix(head) for part in parts)
    for key in reversed(keys):
        value = {key: value}
    return _written(value)


def _written(plain: dict[str, Any]) -> str:
    known = repr(plain)  # which tells 1 from 1.0, True and "1"
    if known not in _texts:
        if len(_texts) > MAX_NODES:
            _texts.clear()
        _texts[known] = OmegaConf.to_yaml(OmegaConf.create(plain))
    return _texts[known]


def unresolved(error: OmegaConfBaseException) -> Problem:
    """An interpolation that leads nowhere, as a problem with its key."""
    text = str(error).splitlines()[0]
    if unset := re.search(r"Environment variable '([^']+)' not found", text):
        text = f"environment variable {unset[1]} is not set; export it"
    if unknown := re.search(r"Unsupported interpolation type (\S+)", text):
        text = (
            f"there is no resolver {unknown[1]}; a module of your own that registers it is loaded by --allow <module>"
        )
    return Problem(str(error.full_key or "config"), text)


def read(path: str | Path) -> DictConfig:
    """A config file that somebody else may have written.

    Raises:
        ConfigError: It is missing, too large, not YAML, no mapping, or blows up when its aliases are written out.
    """
    file = Path(path)
    text = measured(file)
    try:
        cfg = OmegaConf.create(text)
    except (yaml.YAMLError, OmegaConfBaseException, RecursionError) as error:
        raise ConfigError(f"{file}: not a config: {str(error).splitlines()[0]}") from error
    if not isinstance(cfg, DictConfig):
        raise ConfigError(f"{file}: a config is a mapping of keys to values")
    return cfg


def measured(file: Path) -> str:
    """The text of a YAML file whose size, with every alias written out, is bearable; raises ConfigError as `read`."""
    try:
        if file.exists() and not file.is_file():
            raise ConfigError(f"{file}: is no regular file; a config is a YAML file")
        text = file.read_text(encoding="utf-8")
        if len(text) > MAX_CHARACTERS:
            raise ConfigError(f"{file}: {len(text)} characters are too many for a config")
        _measure(yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), file)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{file}: cannot be read: {reason}") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{file}{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{file}: not valid YAML: {str(error).splitlines()[0]}") from error
    return text


def _measure(root: yaml.Node | None, file: Path) -> None:
    """Refuses a document that would have too many nodes; each node is counted once, so that bombs cost nothing."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise ConfigError(f"{file}: nested more than {MAX_DEPTH} deep, or an alias inside itself")
        if id(node) not in sizes:
            inside = node.value if isinstance(node.value, list) else []
            parts = [part for item in inside for part in (item if isinstance(item, tuple) else (item,))]
            sizes[id(node)] = 1 + sum(size(part, depth + 1) for part in parts)
        return sizes[id(node)]

    if root is not None and size(root, 0) > MAX_NODES:
        raise ConfigError(f"{file}: its aliases stand for more than {MAX_NODES} values")


def _secret(text: str, key: str, raw: dict[str, Any], depth: int = 8) -> bool:
    """Whether the interpolation at `key` takes anything from the environment, by itself or through other keys."""
    if "oc.env" in text:
        return True
    named = [_absolute(reference, key) for reference in _REFERENCE.findall(text)]
    found = [(name, str(_at(raw, name))) for name in named]
    return depth > 0 and any(_secret(value, name, raw, depth - 1) for name, value in found if "${" in value)


def _absolute(reference: str, key: str) -> str:
    """The key that `reference` means at `key`: one leading dot is a sibling, each further one a place higher."""
    name = reference.lstrip(".")
    up = len(reference) - len(name)
    return name if not up else ".".join([*key.split(".")[:-up], name])


def _at(raw: Any, key: str) -> Any:
    """The value at a dotted key, before interpolation; None if there is none."""
    for part in re.findall(r"[^.\[\]]+", key):
        if isinstance(raw, list) and part.isdigit() and int(part) < len(raw):
            raw = raw[int(part)]
        else:
            raw = raw.get(part) if isinstance(raw, dict) else None
    return raw
