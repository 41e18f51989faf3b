"""Experiments that end in an answer: is the model performing adequately, and if not, what to change next?

In Python, with frames in and values out, the same in a script and in a notebook:

    run = litmus.train(frame, target="y", overrides={"optimizer.lr": 0.01})
    run.verdict, run.metrics, run.history, run.config, run.report
    run.predict(rows), run.predict_proba(rows), litmus.load(checkpoint).predict(rows)
    litmus.judge(y_true, y_pred, y_score)                      # any library's model
    litmus.check, evaluate, predict, compare, sweep, compose   # as the commands
    cross_val_score(litmus.Classifier(), X, y)                 # scikit-learn estimators: Classifier, Regressor

Nothing is imported before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litmus.api import check as check
    from litmus.api import compare as compare
    from litmus.api import compose as compose
    from litmus.api import evaluate as evaluate
    from litmus.api import judge as judge
    from litmus.api import predict as predict
    from litmus.api import sweep as sweep
    from litmus.estimator import Classifier as Classifier
    from litmus.estimator import Regressor as Regressor
    from litmus.notebook import Model as Model
    from litmus.notebook import Trained as Trained
    from litmus.notebook import load as load
    from litmus.notebook import train as train

_HOMES = {
    **dict.fromkeys(("Model", "Trained", "load", "train"), "litmus.notebook"),
    **dict.fromkeys(("check", "compare", "compose", "evaluate", "judge", "predict", "sweep"), "litmus.api"),
    **dict.fromkeys(("Classifier", "Regressor"), "litmus.estimator"),
}
__all__ = [
    "Classifier",
    "Model",
    "Regressor",
    "Trained",
    "__version__",
    "check",
    "compare",
    "compose",
    "evaluate",
    "judge",
    "load",
    "predict",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("litmus")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'litmus' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
