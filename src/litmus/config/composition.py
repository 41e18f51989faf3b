"""Composes configs from conf/ and a user's own folder, by Hydra, whose complaints become errors of ours."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from litmus.config.keys import near
from litmus.config.settling import settle
from litmus.config.storage import measured, unresolved
from litmus.config.words import Library, translate
from litmus.errors import ConfigError, quote

ROOT = "train"
HOOKS = ("hydra._internal.core_plugins.", "hydra_plugins.")


def conf_dir() -> Path:
    """The folder of our own configs: beside src/ in a clone, inside the package in a wheel."""
    package = Path(__file__).resolve().parents[1]
    clone = package.parents[1] / "conf"
    return clone if package.parent.name == "src" and (clone / f"{ROOT}.yaml").is_file() else package / "conf"


def compose(words: Sequence[str] = (), *, config_dir: str | Path | None = None) -> DictConfig:
    """The config that `litmus train <words>` would run, named and with every value of its right type, unchecked.

    Args:
        words: `key=value` words as on the command line.
        config_dir: A user's folder of further options, as by `--config-dir`.

    Raises:
        ConfigError: A word cannot be read, an option does not exist, or a target is not allowed.
    """
    with composer(config_dir) as composing:
        cfg = composing.compose(translate(words, composing.library).all)
    cfg = settle(cfg)
    with open_dict(cfg):
        del cfg["hydra"]
    return cfg


@dataclass(frozen=True)
class Composer:
    """Hydra, ready to compose.

    Args:
        library: The options of every group.
        own: Overrides that always come first: where the user's folder is.
    """

    library: Library
    own: tuple[str, ...]

    def compose(self, overrides: Iterable[str]) -> DictConfig:
        """The config of these Hydra overrides, with its `hydra` node and a name."""
        with translated_errors(self.library):
            cfg = hydra.compose(ROOT, [*self.own, *overrides], return_hydra_config=True)
            _judge_hooks(cfg)
            if cfg.get("name") is None:
                with open_dict(cfg):
                    cfg.name = name_of(cfg)
        return cfg


@contextmanager
def composer(config_dir: str | Path | None = None) -> Iterator[Composer]:
    """Hydra over our folder and a user's, in which an option of ours wins; leaves Hydra as it was."""
    folders = [conf_dir()]
    if config_dir is not None:
        folders.append(_user_folder(Path(config_dir)))
    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    own = tuple(f"hydra.searchpath=['file://{folder}']" for folder in folders[1:])
    try:
        with hydra.initialize_config_dir(str(folders[0]), job_name="litmus", version_base="1.3"):
            yield Composer(Library(tuple(folders)), own)
    finally:
        GlobalHydra.instance().hydra = before


def name_of(cfg: DictConfig, swept: Iterable[str] = ()) -> str:
    """The default name: the experiment's, or data and model; what a sweep varies is left out."""
    choices, left_out = cfg.hydra.runtime.choices, set(swept)
    if "experiment" in left_out:
        return "sweep"
    if choices.get("experiment"):
        return str(choices["experiment"])
    parts = (choices.get(group) for group in ("data", "model") if group not in left_out)
    return "_".join(str(part) for part in parts if part) or "sweep"


@contextmanager
def translated_errors(library: Library) -> Iterator[None]:
    """Turns what Hydra and OmegaConf raise into one line of ours, without their advice to add a `+`."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_sentence(error, library)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{mark.name}, line {mark.line + 1}" if mark else "a config file"
        raise ConfigError(f"{where}: not valid YAML: {error.problem}") from error


def _sentence(error: Exception, library: Library) -> str:
    text = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
    if missing := re.search(r"Could not find '([\w/]+)/([^'/]+)'", text):
        told = re.search(r"Available options in '[^']+':((?:\s*\n\t[\w-]+)+)", str(error))
        options = library.options.get(missing[1]) or (told[1].split() if told else [])
        nearest = near(missing[2], options)
        remedy = f"; did you mean {missing[1]}={nearest}?" if nearest else f"; there is {', '.join(options)}"
        return f"{missing[1]}: no option {quote(missing[2])}{remedy}"
    if isinstance(error, OmegaConfBaseException):
        return str(unresolved(error))
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    cause = str(error.__cause__).splitlines()[0] if error.__cause__ and str(error.__cause__) else ""
    return re.sub(r"\s*To append to your.*", "", f"{first}{': ' if cause else ''}{cause}")


def _user_folder(folder: Path) -> Path:
    """An existing folder whose YAML does not blow up when Hydra reads it."""
    if not folder.is_dir():
        raise ConfigError(f"--config-dir {quote(str(folder))}: no such folder")
    for file in sorted(folder.glob("*/*.yaml")):
        measured(file)
    return folder.resolve()


def _judge_hooks(cfg: DictConfig) -> None:
    """Hydra itself builds launcher, sweeper and callbacks from the config; only plugins may be among them."""
    node = OmegaConf.to_container(cfg.hydra, resolve=False)
    assert isinstance(node, dict)  # noqa: S101  # Hydra's own node is a mapping
    for word in ("launcher", "sweeper"):
        name = str((node.get(word) or {}).get("_target_", ""))
        if not name.startswith(HOOKS):
            raise ConfigError(f"hydra.{word}._target_: {quote(name)} is no Hydra plugin; choose hydra/{word}=<plugin>")
    if node.get("callbacks"):
        raise ConfigError("hydra.callbacks: a config may not run code through Hydra's callbacks; remove it")
