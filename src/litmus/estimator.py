"""Litmus as scikit-learn estimators, for pipelines, grid searches and cross-validation; needs scikit-learn.

Whoever cross-validates holds rows out by himself: inside an estimator there is no test split, a share of the rows only
chooses the best epoch, and nothing is written beside what `save` writes.
"""

import copy
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from litmus.commands.judge import external_evidence, without_references
from litmus.config import RunConfig, check, compose, to_plain
from litmus.config.command_words import words_of
from litmus.data.module import DataModule
from litmus.data.rows import Origin
from litmus.data.sources.frame import Frame, table_of
from litmus.errors import CheckpointError, ConfigError, InputError, InterruptedRun, RunError
from litmus.metrics.answers import Predictions
from litmus.notebook import Answer
from litmus.run.predictor import Predictor
from litmus.run.training import Run
from litmus.scoring.external import External
from litmus.verdict.judge import judge

TARGET, SPLIT = "target", "split"
FEWEST = 20  # with fewer rows, the epoch is chosen by the training rows themselves
RARE = 3  # a class of fewer rows would be left out: its rows are repeated
BATCH = 4096
KEYS = {
    "hidden": "model.hidden",
    "activation": "model.activation",
    "dropout": "model.dropout",
    "optimizer": "optimizer",
    "lr": "optimizer.lr",
    "weight_decay": "optimizer.weight_decay",
    "batch_size": "data.batch_size",
    "max_epochs": "trainer.max_epochs",
    "patience": "callback.early_stopping.patience",
}


class FitError(InputError, ValueError):
    """What cannot be fitted or predicted; a ValueError too, as users of scikit-learn expect."""


@contextmanager
def _value_errors() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise FitError(str(error)) from error
    except InterruptedRun as error:
        raise KeyboardInterrupt from error


@contextmanager
def _as_before() -> Iterator[None]:
    """Leaves torch's random state and number of threads as they were."""
    threads = torch.get_num_threads()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


class _Estimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both estimators share; arguments that are None are as in `litmus train`.

    Args:
        model: Option of the group `model`, such as `mlp` or `linear`.
        hidden: Units of each hidden layer.
        activation: Between the layers.
        dropout: Share of units left out in training.
        optimizer: Option of the group `optimizer`.
        lr: Learning rate.
        weight_decay: Pull of the weights towards 0.
        batch_size: Rows a batch.
        max_epochs: Most passes over the training rows.
        patience: Epochs without a better validation loss after which training stops.
        val_fraction: Share of the rows that chooses the best epoch.
        overrides: Anything else of the config: a mapping of keys to values, or words as on the command line.
        random_state: Of weights, order of rows and validation rows; None: another one at each fit.
    """

    _kind: ClassVar[str]

    def __init__(
        self,
        model: str = "mlp",
        *,
        hidden: Sequence[int] | None = None,
        activation: str | None = None,
        dropout: float | None = None,
        optimizer: str | None = None,
        lr: float | None = None,
        weight_decay: float | None = None,
        batch_size: int | None = None,
        max_epochs: int | None = None,
        patience: int | None = None,
        val_fraction: float = 0.2,
        overrides: Mapping[str, Any] | Sequence[str] | None = None,
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.val_fraction = val_fraction
        self.overrides = overrides
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True  # missing cells are filled, as data.impute says
        tags.non_deterministic = False
        return tags

    @property
    def verdict_(self) -> Answer:
        """Whether the model is adequate, judged on the rows that chose its epoch: they flatter it."""
        check_is_fitted(self)
        task = self._predictor.task
        named = replace(task, spec=replace(task.spec, classes=self._names()))
        found = External(
            predictions=self._validation,
            task=named,
            prior=self._predictor.prior,
            origin=Origin(path="frame", sha256="", rows=len(self._validation.rows)),
            note="",
        )
        evidence = external_evidence(found, target=TARGET, model=type(self).__name__)
        asked = RunConfig(self._config)
        criteria = without_references(asked.criteria.make(), evidence)
        return Answer(judge(evidence, criteria, asked.verdict.make()), evidence)

    def save(self, path: str | Path) -> Path:
        """Writes a checkpoint that `load` here and `litmus predict checkpoint=` read; nothing in it is pickled code.

        Raises:
            CheckpointError: It cannot be written there.
        """
        check_is_fitted(self)
        file = Path(path)
        try:
            self._predictor.save(file, estimator=self._facts())
        except OSError as error:
            raise CheckpointError(f"{file}: cannot be written ({error.strerror or error})") from error
        return file

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The fitted estimator that `save` wrote.

        Raises:
            CheckpointError: The file is none of them.
        """
        from litmus.engine import checkpoint as files

        facts = files.load(Path(path)).get("estimator")
        if not isinstance(facts, dict) or facts.get("class") != cls.__name__:
            raise CheckpointError(f"{path}: holds no {cls.__name__}; litmus.load reads what litmus train wrote")
        made = cls(**facts["params"])
        made._restore(Path(path), facts)
        return made

    def _restore(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Takes over what a checkpoint holds."""
        self._predictor = Predictor.restore(path)
        self._config = facts["config"]
        self._validation = Predictions(split="val", **facts["validation"])
        self.n_features_in_ = facts["n_features"]
        if facts["names"] is not None:
            self.feature_names_in_ = np.asarray(facts["names"], dtype=object)
        self.n_iter_ = facts["epochs"]

    def _facts(self) -> dict[str, Any]:
        """What a checkpoint holds besides the predictor, as plain types and tensors."""
        params = {name: _plain(value) for name, value in self.get_params(deep=False).items()}
        validation = asdict(self._validation)
        del validation["split"]
        names = getattr(self, "feature_names_in_", None)
        return {
            "class": type(self).__name__,
            "params": params,
            "config": self._config,
            "validation": validation,
            "n_features": int(self.n_features_in_),
            "names": None if names is None else [str(name) for name in names],
            "epochs": int(self.n_iter_),
        }

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        if "_predictor" in state:
            with tempfile.TemporaryDirectory(prefix="litmus_") as folder:
                file = self.save(Path(folder) / "estimator.ckpt")
                state["_predictor"] = file.read_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if isinstance(content := self.__dict__.get("_predictor"), bytes):
            with tempfile.TemporaryDirectory(prefix="litmus_") as folder:
                file = Path(folder) / "estimator.ckpt"
                file.write_bytes(content)
                self._predictor = Predictor.restore(file)

    def _words(self) -> list[str]:
        """The settings as overrides of the config."""
        given = {key: getattr(self, name) for name, key in KEYS.items() if getattr(self, name) is not None}
        groups = {"data": "csv", "data.path": "frame", "data.target": TARGET, "model": self.model, "logger": "csv"}
        return [*words_of(groups | given), f"task={self._task()}", *words_of(self.overrides)]

    def _task(self) -> str:
        raise NotImplementedError

    def _names(self) -> tuple[str, ...]:
        """Labels as they are shown, in the predictor's order; empty in regression."""
        return ()

    def _fit(self, frame: pl.DataFrame, target: pl.Series, codes: NDArray[Any] | None, *, positive: str | None) -> None:
        """Trains on all rows but those that choose the epoch."""
        seed = _seed(self.random_state)
        config = RunConfig({**copy.deepcopy(_composed(tuple(self._words()))), "seed": seed})
        train, val = self._divided(len(frame), codes, seed)
        rows = pl.concat([frame.with_columns(target)[train], frame.with_columns(target)[val]])
        rows = rows.with_columns(pl.Series(SPLIT, ["train"] * len(train) + ["val"] * len(val)))
        kinds = {name: "number" for name, dtype in frame.schema.items() if dtype.is_numeric()}
        source = _source(config, rows, kinds)
        data = DataModule(source, kind=self._task(), positive=positive, seed=seed)
        with tempfile.TemporaryDirectory(prefix="litmus_") as folder, _as_before():
            fitted = Run.build(config, Path(folder), data=data).fit()
            if fitted.non_finite is not None:
                raise RunError(f"the loss is not finite from epoch {fitted.non_finite.epoch} on; try a lower lr")
            run = fitted.decide()
        self._predictor = replace(run.predictor, model=copy.deepcopy(run.predictor.model).cpu().eval())
        self._validation = run.predictor.predict(data.splits["val"], "val", outputs=run.outputs["val"])
        self._config = {name: config.tree[name] for name in ("criteria", "verdict")}
        self.n_iter_ = max(1, len(run.learner.curves.steps))

    def _divided(self, rows: int, codes: NDArray[Any] | None, seed: int) -> tuple[list[int], list[int]]:
        """Places of training and of validation rows; with few of them, or of a class, those are both."""
        labels = np.zeros(rows, dtype=int) if codes is None else codes
        rare = np.flatnonzero(np.bincount(labels)[labels] < RARE)
        common = np.flatnonzero(np.bincount(labels)[labels] >= RARE)
        held_out = round(len(common) * self.val_fraction)
        if rows < FEWEST or held_out < len(set(labels[common].tolist())) or not held_out:
            places = list(range(rows)) * RARE
            return places, places
        kind = ShuffleSplit if codes is None else StratifiedShuffleSplit
        splitter = kind(n_splits=1, test_size=held_out, random_state=seed)
        train, val = next(splitter.split(common, labels[common]))
        return [*common[train].tolist(), *rare.tolist() * RARE], [*common[val].tolist(), *rare.tolist()]

    def _decided(self, X: Any) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Predictions and probabilities, computed in double precision: the same whichever rows stand beside one."""
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        with _value_errors():
            predictor = self._predictor
            rows = predictor.preprocess.rows_of(table_of(frame), labelled=False)  # type: ignore[attr-defined]
            model = copy.deepcopy(predictor.model).double().eval()
            with torch.inference_mode():
                outputs = [
                    model(predictor.preprocess.finish(part).double())
                    for piece in rows.pieces(np.arange(len(rows)))
                    for part in predictor.preprocess.encode(piece).split(BATCH)
                ]
            return predictor.decide(torch.cat(outputs))

    def _frame(self, X: Any, *, reset: bool, y: Any = "no_validation", **checks: Any) -> Any:
        """The rows as a polars frame, checked as scikit-learn asks; with `y`, what is left of it too."""
        if _is_frame(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            table = table_of(X).frame
            if not len(table.columns):
                raise FitError("0 feature(s) while a minimum of 1 is required")
            return table if isinstance(y, str) else (table, y)
        found = validate_data(self, X, y, reset=reset, dtype="numeric", ensure_all_finite="allow-nan", **checks)
        values, rest = found if isinstance(found, tuple) else (found, None)
        if np.isinf(np.asarray(values, dtype=float)).any():
            raise FitError("Input X contains infinity or a value too large; replace or drop it")
        table = pl.DataFrame(
            np.asarray(values, dtype=float), schema=[f"x{i}" for i in range(values.shape[1])], nan_to_null=True
        )
        return table if isinstance(y, str) else (table, rest)


class Classifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A classifier as scikit-learn's; arguments that are None are as in `litmus train`."""

    _kind: ClassVar[str] = "classifier"

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Trains on rows of numbers, or on a pandas or polars frame with categories, dates and missing cells.

        Args:
            X: Rows.
            y: Their labels.

        Raises:
            ValueError: They cannot be trained on, or a setting is wrong.
        """
        with _value_errors():
            table, target = self._frame(X, reset=True, y=y)
            target = column_or_1d(target, warn=True)
            _check_lengths(table, target)
            check_classification_targets(target)
            self.classes_, codes = np.unique(target, return_inverse=True)
            if len(self.classes_) < 2:
                raise FitError(f"y holds only one class, {self.classes_[0]!r}; at least two are needed")
            labels = pl.Series(TARGET, [_label(code) for code in codes], dtype=pl.String)
            binary = len(self.classes_) == 2
            self._fit(table, labels, codes, positive=_label(1) if binary else None)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Labels `(n,)`, as they were in `y`."""
        pred, _ = self._decided(X)
        labels: NDArray[Any] = self.classes_[self._order()[pred.numpy()]]
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities `(n, classes)`, in the order of `classes_`."""
        _, prob = self._decided(X)
        assert prob is not None  # noqa: S101  # a classifier's task has them
        found = np.zeros((len(prob), len(self.classes_)))
        found[:, self._order()] = prob.numpy()
        return found

    def _task(self) -> str:
        return "binary" if len(self.classes_) == 2 else "multiclass"

    def _names(self) -> tuple[str, ...]:
        return tuple(str(self.classes_[place]) for place in self._order())

    def _order(self) -> NDArray[np.int64]:
        """The place in `classes_` of each class of the predictor."""
        return np.array([int(label.removeprefix("c")) for label in self._predictor.spec.classes])

    def _facts(self) -> dict[str, Any]:
        return {**super()._facts(), "classes": self.classes_.tolist(), "dtype": self.classes_.dtype.str}

    def _restore(self, path: Path, facts: Mapping[str, Any]) -> None:
        super()._restore(path, facts)
        self.classes_ = np.asarray(facts["classes"], dtype=facts["dtype"])


class Regressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A regressor as scikit-learn's; arguments that are None are as in `litmus train`."""

    _kind: ClassVar[str] = "regressor"

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Trains on rows of numbers, or on a pandas or polars frame with categories, dates and missing cells.

        Args:
            X: Rows.
            y: Their values.

        Raises:
            ValueError: They cannot be trained on, or a setting is wrong.
        """
        with _value_errors():
            table, target = self._frame(X, reset=True, y=y, y_numeric=True, ensure_min_samples=2)
            target = column_or_1d(np.asarray(target), warn=True).astype(float)
            _check_lengths(table, target)
            self._fit(table, pl.Series(TARGET, target), None, positive=None)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Values `(n,)`, in the unit of `y`."""
        return self._decided(X)[0].numpy()

    def _task(self) -> str:
        return "regression"


@lru_cache(maxsize=32)
def _composed(words: tuple[str, ...]) -> dict[str, Any]:
    """The checked config of these words, which the many fits of a search ask for again and again."""
    cfg = compose(words)
    if problems := check(cfg):
        raise ConfigError(problems)
    return to_plain(cfg)


def _source(config: RunConfig, rows: pl.DataFrame, kinds: Mapping[str, str]) -> Frame:
    """The frame as a source with the settings of the config's data."""
    asked = config.data.make()
    known = {field.name for field in fields(Frame)} - {"frame", "target"}
    settings = {name: getattr(asked, name) for name in known if hasattr(asked, name)}
    settings |= {
        "split": "column",
        "split_column": SPLIT,
        "test_fraction": 0.0,
        "checks": "off",
        "rare_classes": "drop",
    }
    return Frame(frame=rows, target=TARGET, **settings | {"kinds": {**kinds, **asked.kinds}})


def _check_lengths(table: pl.DataFrame, target: NDArray[Any]) -> None:
    if len(table) != len(target):
        raise FitError(f"Found input variables with inconsistent numbers of samples: [{len(table)}, {len(target)}]")


def _label(code: int) -> str:
    """A class's label inside: whatever the labels are, it is read as text and sorts as they do."""
    return f"c{code:06d}"


def _seed(random_state: Any) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state) % 2**32
    return int(check_random_state(random_state).randint(2**31 - 1))


def _is_frame(X: Any) -> bool:
    """Whether it is a pandas or polars frame with more than numbers in it, which scikit-learn would refuse."""
    if isinstance(X, pl.DataFrame):
        return not all(dtype.is_numeric() for dtype in X.dtypes)
    return hasattr(X, "iloc") and hasattr(X, "dtypes") and not all(dtype.kind in "iufb" for dtype in X.dtypes)


def _plain(value: Any) -> Any:
    """A parameter as a checkpoint may hold it; a random generator is not one of them."""
    if isinstance(value, np.random.RandomState | np.random.Generator):
        return None
    return value.item() if isinstance(value, np.generic) else list(value) if isinstance(value, tuple) else value


for _class in (Classifier, Regressor):
    _class.__doc__ = f"{_class.__doc__}\n{(_Estimator.__doc__ or '').partition(chr(10))[2]}"
__all__ = ["Classifier", "FitError", "Regressor"]
