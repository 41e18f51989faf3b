"""Gives values the type that they were meant to have, in the config itself, so that whoever reads it finds it right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, final, get_type_hints

from omegaconf import MISSING, DictConfig, OmegaConf, flag_override

from litmus.config.hints import coerce
from litmus.config.replaced import ARGUMENTS, is_default, trains_itself, wanted_by
from litmus.config.root import GROUPS, Root
from litmus.config.run_config import AUTO, OURS, USUAL_EPOCHS, USUAL_PATIENCE
from litmus.config.signatures import Parameter, signature
from litmus.config.targets import target
from litmus.errors import ConfigError

USUAL = {("trainer", "max_epochs"): USUAL_EPOCHS, ("callback", "early_stopping", "patience"): USUAL_PATIENCE}
"""What `auto` means to a class of the user's own, and to a value that refers to it: both take a number there."""


def settle(cfg: DictConfig) -> DictConfig:
    """The config itself after every value was coerced in place.

    Interpolations stay as they are, and so does what is wrong, for `check` to name.
    """
    with flag_override(cfg, ["struct", "readonly"], [False, False]):
        nodes: dict[str, Any] = {str(key): cfg._get_node(key) for key in cfg if key != "hydra"}  # noqa: SLF001  # unresolved
        plain = {key: _plain(node) if OmegaConf.is_config(node) else node._value() for key, node in nodes.items()}  # noqa: SLF001
        for word, meant in _meant(plain, get_type_hints(Root, include_extras=True)):
            cfg[word] = plain[word] = meant
        for keys, meant in _changes(plain, ()):
            _set(cfg, keys, meant)
        _leave_to_model(cfg)
    return cfg


def _set(cfg: DictConfig, keys: Sequence[str | int], value: Any) -> None:
    node: Any = cfg
    for key in keys[:-1]:
        node = node._get_node(key)  # noqa: SLF001  # `node[key]` would resolve it
    node[keys[-1]] = value


def _leave_to_model(cfg: DictConfig) -> None:
    """Takes out what the model, a LightningModule, brings itself and nobody has set, so that no reader goes by it."""
    model = cfg._get_node("model") if "model" in cfg else None  # noqa: SLF001
    plain = _plain(model) if isinstance(model, DictConfig) and not model._is_interpolation() else None  # noqa: SLF001
    if not isinstance(plain, dict) or not trains_itself(plain):
        return
    wanted = wanted_by(plain)
    for group in ARGUMENTS:
        if group not in wanted and group in cfg and is_default(group, _plain(cfg._get_node(group))):  # noqa: SLF001
            cfg[group] = None


def _take_usual(cfg: DictConfig, keys: Sequence[str], usual: int) -> None:
    """Puts what is usual in the place of `auto` where another class than ours is made of it, or another value."""
    node: Any = cfg
    for key in keys[:-1]:
        node = node._get_node(key) if isinstance(node, DictConfig) and key in node else None  # noqa: SLF001
    if not isinstance(node, DictConfig) or node._is_none() or node._is_interpolation():  # noqa: SLF001
        return
    plain = _plain(node)
    if plain.get(keys[-1]) != AUTO:
        return
    another = not str(plain.get("_target_") or OURS).startswith(OURS)
    if another or any(f"{keys[-1]}}}" in text for text in _references(cfg)):
        with flag_override(node, ["struct", "readonly"], [False, False]):
            node[keys[-1]] = usual


def _references(cfg: DictConfig) -> Iterator[str]:
    """The values that refer to others, as they are written."""
    left = [_plain(cfg._get_node(key)) for key in cfg if key != "hydra"]  # noqa: SLF001  # unresolved
    while left:
        value = left.pop()
        if isinstance(value, str) and "${" in value:
            yield value
        elif isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value


def replace_options(cfg: DictConfig, hydra: Any, typed: Iterable[str] = ()) -> None:
    """Takes out what is left of an option where another target stands in its place.

    Named on the command line, a target replaces the whole option. Named in a file, it keeps those keys that it takes,
    for nobody can tell which of them the file means.

    Args:
        cfg: The composed config; changed in place.
        hydra: Its `hydra` node.
        typed: Keys set besides those of the command line, by a sweep.
    """
    words: Any = OmegaConf.to_container(hydra.overrides.task, resolve=False) if "overrides" in hydra else []
    keys = {str(word).lstrip("+~").partition("=")[0] for word in words} | set(typed)
    options = Options.of(hydra)
    for group in GROUPS:
        node, option = cfg._get_node(group) if group in cfg else None, options.content(group)  # noqa: SLF001
        if not isinstance(node, DictConfig) or node._is_none() or node._is_interpolation() or not option:  # noqa: SLF001
            continue
        if node.get("_target_") in {None, option.get("_target_")} or option.get("_target_") is None:
            continue
        taken = _taken(node["_target_"], group)
        kept = () if f"{group}._target_" in keys else taken or node.keys()
        with flag_override(node, ["struct", "readonly"], [False, False]):
            for word in option.keys() - {"_target_", "_partial_"}:
                written = f"{group}.{word}" in keys or word not in node or OmegaConf.is_interpolation(node, word)
                if not written and word not in kept and _plain(node[word]) == option[word]:
                    del node[word]
            rate = taken.get("lr")
            if group == "optimizer" and "lr" not in node and rate and isinstance(rate.default, int | float):
                node.lr = rate.default  # what advice starts from
    for place, usual in USUAL.items():
        _take_usual(cfg, place, usual)


def _taken(name: Any, group: str) -> dict[str, Parameter]:
    """The arguments of a target; empty where it takes any, or cannot be read."""
    with suppress(ConfigError):
        own = signature(target(name, group), name, group)
        return {} if own.open else own.parameters
    return {}


@final
@dataclass(frozen=True)
class Options:
    """What was chosen of each group, and where the files of the choices are.

    Args:
        names: By group.
        folders: In the order in which they are looked into.
    """

    names: Mapping[str, Any]
    folders: tuple[Path, ...]

    @staticmethod
    def of(hydra: DictConfig) -> "Options":
        """As the `hydra` node of a composed config says."""
        names = _plain(OmegaConf.select(hydra, "runtime.choices"))
        places = [str(source["path"]) for source in _plain(OmegaConf.select(hydra, "runtime.config_sources")) or []]
        return Options(names, tuple(Path(place) for place in places if place and "://" not in place))

    def content(self, group: str) -> dict[str, Any]:
        """The content of the file that was chosen for a group; empty if there is none."""
        name = self.names.get(group)
        files = [folder / group / f"{name}.yaml" for folder in self.folders]
        return next((_written(file, file.stat().st_mtime_ns) for file in files if name and file.is_file()), {})


@cache
def _written(file: Path, changed: int) -> dict[str, Any]:  # noqa: ARG001  # the cache sees it
    """A config file, last changed then, over those of its folder that its defaults name."""
    own = _plain(OmegaConf.load(file)) or {}
    below: dict[str, Any] = {}
    for name in own.pop("defaults", []):
        if isinstance(name, str) and name != "_self_" and (beside := file.with_name(f"{name}.yaml")).is_file():
            below |= _written(beside, beside.stat().st_mtime_ns)
    return below | own


def _plain(value: Any) -> Any:
    """A value as plain types, references as they are."""
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def _changes(plain: Any, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Where a value below these keys, plain, is to be another one, and which; the plain one is changed on the way."""
    if isinstance(plain, list):
        for place, item in enumerate(plain):
            yield from _changes(item, (*keys, place))
    if not isinstance(plain, dict):
        return
    if plain.get("_target_") is not None:
        with suppress(ConfigError):
            parameters = signature(target(plain["_target_"]), plain["_target_"]).parameters
            for word, meant in _meant(plain, {word: parameter.hint for word, parameter in parameters.items()}):
                plain[word] = meant
                yield (*keys, word), meant
    for word, item in plain.items():
        yield from _changes(item, (*keys, word))


def _meant(plain: Mapping[str, Any], hints: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The words whose values are meant to be others, references and what is missing left as they are."""
    for word, hint in hints.items():
        if word not in plain or (isinstance(plain[word], str) and ("${" in plain[word] or plain[word] == MISSING)):
            continue
        if (meant := coerce(hint, plain[word])) != plain[word] or type(meant) is not type(plain[word]):
            yield word, meant
