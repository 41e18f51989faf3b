"""Experiments that end in an answer: is the model performing adequately, and if not, what to change next?

In Python: `run = litmus.train(frame, target="y", overrides=[...])` with `run.metrics`, `run.verdict` and
`run.predict(rows)`; `litmus.load(checkpoint).predict(rows)`. Nothing is imported before it is asked for.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litmus.notebook import Model as Model
    from litmus.notebook import Trained as Trained
    from litmus.notebook import load as load

__all__ = ["Model", "Trained", "__version__", "load", "train"]

_NOTEBOOK = ("Model", "Trained", "load")


class _Callable(ModuleType):
    """The module `litmus.train`, which is a function too."""

    def __call__(self, *args: Any, **keys: Any) -> Any:
        return import_module("litmus.notebook").train(*args, **keys)


class _Package(ModuleType):
    """This package: whoever imports `litmus.train` first, the name means module and function alike."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "train" and type(value) is ModuleType:
            value.__class__ = _Callable
        super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("litmus")
    if name == "train":
        return import_module("litmus.train")
    if name in _NOTEBOOK:
        return getattr(import_module("litmus.notebook"), name)
    raise AttributeError(f"module 'litmus' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Package
