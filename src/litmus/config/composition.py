"""Composes configs from conf/ and a user's own folder, by Hydra, whose complaints become errors of ours."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import final

import hydra
import yaml
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException

from litmus.config.command_words import Library, translate
from litmus.config.folder import ROOT, conf_dir
from litmus.config.hooks import judge_environment, judge_searchpath, problems_of_logging
from litmus.config.keys import near, split_list
from litmus.config.resolvers import load_resolvers
from litmus.config.root import Root, is_inside
from litmus.config.settling import Options, replace_options, settle
from litmus.config.storage import measured, read, unresolved
from litmus.errors import ConfigError, Problem, quote

HOOKS = ("hydra._internal.core_plugins.", "hydra_plugins.")


@final
@dataclass(frozen=True)
class Configs:
    """Where configs are, beside our own folder.

    Args:
        folders: Folders of the user's, each with the flag that names it.
        root: The config that everything starts from: ours, or one of the user's whose defaults begin with ours.
    """

    folders: tuple[tuple[str, str], ...] = ()
    root: str = ROOT

    @staticmethod
    def of(flags: Mapping[str, Sequence[str]]) -> "Configs":
        """What the flags of a command line say."""
        folders = tuple((name, folder) for name in ("--config-path", "--config-dir") for folder in flags.get(name, ()))
        return Configs(folders, flags.get("--config-name", (ROOT,))[-1])


OURS = Configs()


def compose(words: Sequence[str] = (), *, config_dir: str | Path | None = None) -> DictConfig:
    """The config that `litmus train <words>` would run, named and with every value of its right type, unchecked.

    Args:
        words: `key=value` words as on the command line.
        config_dir: A user's folder of further options, as by `--config-dir`.

    Raises:
        ConfigError: A word cannot be read, an option does not exist, or a target is not allowed.
    """
    with composer(Configs() if config_dir is None else Configs((("--config-dir", str(config_dir)),))) as composing:
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
        root: The config that everything starts from.
    """

    library: Library
    root: str = ROOT

    def compose(self, overrides: Iterable[str]) -> DictConfig:
        """The config of these Hydra overrides, with its `hydra` node and a name."""
        lines = list(overrides)
        with translated_errors(self.library):
            try:
                cfg = hydra.compose(self.root, lines, return_hydra_config=True)
            except (AttributeError, TypeError, AssertionError) as error:  # Hydra takes its own node for granted
                message = "a config file sets this node to what Hydra cannot read; leave it out"
                raise ConfigError([Problem("hydra", message)]) from error
            load_resolvers(cfg)
            _judge_hooks(cfg)
            _judge_places(cfg)
            with open_dict(cfg):
                cfg.hydra.runtime.choices.update(self._lists(lines))
                for known in fields(Root):
                    cfg.setdefault(known.name, known.default)  # ~seed is no reason to be without one
            replace_options(cfg, cfg.hydra)
            if cfg.get("name") is None:
                with open_dict(cfg):
                    cfg.name = name_of(cfg)
        return cfg

    def _lists(self, lines: Iterable[str]) -> dict[str, str]:
        """Choices of several options at once, joined by `+`, which Hydra notes nowhere or by their places."""
        pairs = [line.lstrip("+").partition("=") for line in lines]
        found = {
            key: "+".join(split_list(text)) for key, _, text in pairs if key in self.library.options and text[:1] == "["
        }
        loggers = [text for key, _, text in pairs if key.startswith("logger@logger.")]
        return found | ({"logger": "+".join(loggers)} if loggers else {})


@contextmanager
def composer(configs: Configs = OURS) -> Iterator[Composer]:
    """Hydra over our folder and the user's, in which an option of ours wins; leaves Hydra as it was."""
    folders = [conf_dir(), *(_user_folder(flag, Path(folder)) for flag, folder in configs.folders)]
    root = configs.root.removesuffix(".yaml")
    _judge_root(root, folders)
    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_dir(str(folders[0]), job_name="litmus", version_base="1.3"):
            if len(folders) > 1:  # named as an override, a folder would not be looked into for the root
                search = create_config_search_path(str(folders[0]))
                for folder in folders[1:]:
                    search.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
                GlobalHydra.instance().clear()
                Hydra.create_main_hydra2("litmus", search)
            yield Composer(Library(tuple(folders), root), root)
    finally:
        GlobalHydra.instance().hydra = before


def name_of(cfg: DictConfig, swept: Iterable[str] = ()) -> str:
    """The default name: the experiment's, or data and model; what a sweep varies is left out."""
    choices, left_out = cfg.hydra.runtime.choices, set(swept)
    if "experiment" in left_out:
        return "sweep"
    if choices.get("experiment"):
        return str(choices["experiment"]).replace("+", "_")
    parts = (_choice(cfg, group) for group in ("data", "model") if group not in left_out)
    return "_".join(str(part) for part in parts if part) or "sweep"


def _choice(cfg: DictConfig, group: str) -> str | None:
    """The option taken of a group, or the class that stands in its place."""
    option: str | None = cfg.hydra.runtime.choices.get(group)
    name = (cfg.get(group) or {}).get("_target_")
    if not isinstance(name, str) or not option or name == Options.of(cfg.hydra).content(group).get("_target_", name):
        return option
    return name.rpartition(".")[2].lower()


@contextmanager
def translated_errors(library: Library) -> Iterator[None]:
    """Turns what Hydra and OmegaConf raise into one line of ours, without their advice to add a `+`."""
    try:
        yield
    except InterpolationResolutionError as error:
        raise ConfigError([unresolved(error)]) from error
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
    if absent := re.match(r"Could not override '([^']+@[^']+)'", text):
        return f"{absent[1]}: nothing stands there that could be replaced; to add it, write +{absent[1]}=<option>"
    if unknown := re.match(r"Could not override '(hydra\.[^']+)'", text):
        return f"{unknown[1]}: Hydra has no such key; litmus train --cfg hydra shows which there are"
    if lost := re.match(r"Could not delete from config\. '([^']+)' does not exist", text):
        return f"{lost[1]}: is not set, so that there is nothing to take away; leave ~{lost[1]} out"
    if isinstance(error, OmegaConfBaseException):
        return str(unresolved(error))
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    cause = str(error.__cause__).splitlines()[0] if error.__cause__ and str(error.__cause__) else ""
    return re.sub(r"\s*To append to your.*", "", f"{first}{': ' if cause else ''}{cause}")


def _user_folder(flag: str, folder: Path) -> Path:
    """An existing folder whose YAML does not blow up when Hydra reads it."""
    folder = folder.expanduser()
    if not folder.is_dir():
        raise ConfigError(f"{flag} {quote(str(folder))}: no such folder")
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml"), *folder.glob("*/*/*.yaml")]):
        measured(file)
    return folder.resolve()


def _judge_root(root: str, folders: Sequence[Path]) -> None:
    """A root of the user's starts from ours, which holds what every run needs; raises ConfigError."""
    flag, remedy = f"--config-name {root}", "begin its defaults with train: defaults: [train, _self_]"
    if root == ROOT:
        if any((folder / f"{ROOT}.yaml").is_file() for folder in folders[1:]):
            message = f"the folder's own {ROOT}.yaml would be hidden by ours; give it another name, such as mine"
            raise ConfigError(f"--config-name {root}: {message}, {remedy}, and write --config-name mine")
        return
    file = next((path for folder in folders if (path := folder / f"{root}.yaml").is_file()), None)
    if file is None:
        there = sorted({path.stem for folder in folders[1:] for path in folder.glob("*.yaml")})
        nearest = near(root, there)
        listed = f"there is {', '.join(there)}" if there else "name its folder by --config-path <dir>"
        raise ConfigError(f"{flag}: no such config; {f'did you mean {nearest}?' if nearest else listed}")
    node = read(file)
    defaults = [str(item).removeprefix("/") for item in node.get("defaults") or [] if isinstance(item, str)]
    if OmegaConf.is_dict(own := node._get_node("hydra")):  # noqa: SLF001  # which need not be resolvable yet
        judge_searchpath(OmegaConf.to_container(own, resolve=False).get("searchpath"))  # type: ignore[union-attr]
    if ROOT not in defaults:
        raise ConfigError(f"{flag}: {file.name} does not start from ours; {remedy}")


def _judge_places(cfg: DictConfig) -> None:
    """What Hydra writes into a run's folder stays in it, and so do the jobs of a sweep in the sweep's."""
    subdir = str(cfg.hydra.sweep._get_node("subdir")._value())  # noqa: SLF001  # a job knows what it resolves to
    for key, place in (("hydra.output_subdir", cfg.hydra.output_subdir), ("hydra.sweep.subdir", subdir)):
        if place is not None and not is_inside(str(place)):
            raise ConfigError(f"{key}: {quote(str(place))} is no folder inside the run's; name one, such as x")
    if "${" not in subdir:
        raise ConfigError(
            f"hydra.sweep.subdir: {quote(subdir)} is one folder for all jobs; put ${{hydra.job.num}} into it"
        )
    if cfg.hydra.job.chdir:
        message = "a run stays where it was started, from where paths are read; leave it out, or write output_dir=<dir>"
        raise ConfigError([Problem("hydra.job.chdir", message)])


def _judge_hooks(cfg: DictConfig) -> None:
    """Hydra itself builds launcher, sweeper, callbacks and loggers from the config: none of it may be just any code."""
    node = OmegaConf.to_container(cfg.hydra, resolve=False)
    assert isinstance(node, dict)  # noqa: S101  # Hydra's own node is a mapping
    for word in ("launcher", "sweeper"):
        part = node.get(word)
        name = str(part.get("_target_", "") if isinstance(part, dict) else part)
        if not name.startswith(HOOKS):
            raise ConfigError(f"hydra.{word}._target_: {quote(name)} is no Hydra plugin; choose hydra/{word}=<plugin>")
    if node.get("callbacks"):
        remedy = "write callback.<name>._target_=<class>, of Lightning's or, under --allow, your own"
        raise ConfigError([Problem("hydra.callbacks", f"Hydra's callbacks would run code, and do not here; {remedy}")])
    for word in ("job_logging", "hydra_logging"):
        if problems := list(problems_of_logging(node.get(word), f"hydra.{word}")):
            raise ConfigError(problems)
    judge_environment((node.get("job") or {}).get("env_set"))
