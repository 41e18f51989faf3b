"""Scores of scikit-learn's models: what shows that a fault does harm and that a healthy case is sound."""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from blind.settings import Settings

Model = Literal["boosted", "forest", "linear"]
Scaling = Literal["standard", "minmax", "none"]
TRAIN, VAL, TEST = "train", "val", "test"


def split(
    frame: pd.DataFrame, target: str, *, classes: bool, group: str | pd.Series | None = None, seed: int = 0
) -> np.ndarray:
    """Words train, val and test, 60/20/20 of the rows, or of the groups: at random, and evenly over the classes."""
    rng = np.random.default_rng(seed)
    if group is not None:
        of_row = frame[group] if isinstance(group, str) else group
        names = rng.permutation(of_row.unique())
        words = dict(zip(names, thirds(len(names)), strict=True))
        return of_row.map(words).to_numpy()
    order = rng.permutation(len(frame))
    if classes:
        order = order[np.argsort(frame[target].astype(str).to_numpy()[order], kind="stable")]
        words = np.array([TRAIN, VAL, TRAIN, TEST, TRAIN])  # each class in turn
        result = np.empty(len(frame), dtype=object)
        result[order] = words[np.arange(len(frame)) % 5]
        return result
    return rng.permutation(thirds(len(frame)))


def thirds(n: int) -> np.ndarray:
    """So many words of each part, train first, test last."""
    return np.repeat(np.array([TRAIN, VAL, TEST], dtype=object), [n - 2 * (n // 5), n // 5, n // 5])


def encode(frame: pd.DataFrame, train: np.ndarray, scaling: Scaling = "standard") -> np.ndarray:
    """All inputs as numbers, (rows, features): gaps filled, numbers scaled, categories one-hot, all as train says."""
    numbers = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    words = [name for name in frame if name not in numbers]
    tidy = frame.copy()
    for name in frame:
        column = frame[name]
        tidy[name] = column.astype(float) if name in numbers else column.astype(object).fillna("missing").astype(str)
    scalers = {"standard": [StandardScaler()], "minmax": [MinMaxScaler()], "none": []}[scaling]
    filled = SimpleImputer(strategy="median", keep_empty_features=True)
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
    both = make_column_transformer((make_pipeline(filled, *scalers), numbers), (one_hot, words))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both.fit(tidy[train])
        return both.transform(tidy)


def put(frame: pd.DataFrame, column: str, values: Any) -> pd.DataFrame:
    """The table with this column; `assign` does not take every name."""
    result = frame.copy()
    result[column] = values
    return result


def answers(column: pd.Series, *, classes: bool) -> np.ndarray:
    return column.astype(str).to_numpy() if classes else column.to_numpy(float)


def skill(true: np.ndarray, pred: np.ndarray, *, classes: bool) -> float:
    """Balanced accuracy with chance at 0, or R2; 1 is perfect, and nothing is below -1."""
    if not classes:
        return max(-1.0, float(r2_score(true, pred)))
    chance = 1 / len(np.unique(true))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class that no test row has
        return float((balanced_accuracy_score(true, pred) - chance) / (1 - chance))


def estimator(model: Model, *, classes: bool, seed: int = 0) -> Any:
    if model == "boosted":
        kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        return kind(max_iter=60, min_samples_leaf=10, random_state=seed)
    if model == "forest":
        return (ExtraTreesClassifier if classes else ExtraTreesRegressor)(60, random_state=seed)
    return LogisticRegression(max_iter=500) if classes else Ridge()


def predictions(model: Any, frame: pd.DataFrame, target: str, words: np.ndarray, *, classes: bool) -> np.ndarray:
    """Of all rows, by a model fitted on the train rows."""
    X, y = encode(frame.drop(columns=target), words == TRAIN), answers(frame[target], classes=classes)
    return model.fit(X[words == TRAIN], y[words == TRAIN]).predict(X)


def score(frame: pd.DataFrame, target: str, words: np.ndarray, *, classes: bool, model: Model = "boosted") -> float:
    """Skill on the test rows."""
    pred = predictions(estimator(model, classes=classes), frame, target, words, classes=classes)
    true, test = answers(frame[target], classes=classes), words == TEST
    return skill(true[test], pred[test], classes=classes)


def network(
    settings: Settings,
    frame: pd.DataFrame,
    target: str,
    words: np.ndarray,
    *,
    classes: bool,
    scaling: Scaling = "standard",
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """True and predicted answers of scikit-learn's network on the train and the test rows."""
    X, y = encode(frame.drop(columns=target), words == TRAIN, scaling), answers(frame[target], classes=classes)
    train, test = words == TRAIN, words == TEST
    center, scale = (0.0, 1.0) if classes or not settings.normalize_target else (y[train].mean(), y[train].std())
    z = y if classes else (y - center) / scale
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # stops before it has converged, by design
        try:
            pred = settings.fit(X[train], z[train], classes=classes, seed=seed).predict(X)
        except ValueError as error:
            if "non-finite" not in str(error) and "NaN" not in str(error):
                raise
            pred = np.full(len(y), y[train][0])
    pred = pred if classes else np.nan_to_num(pred * scale + center, nan=y[train].mean(), posinf=1e30, neginf=-1e30)
    return {"train": y[train], "train_pred": pred[train], "test": y[test], "test_pred": pred[test]}


def network_skill(
    settings: Settings, frame: pd.DataFrame, target: str, words: np.ndarray, *, classes: bool, **how: Any
) -> float:
    said = network(settings, frame, target, words, classes=classes, **how)
    return skill(said["test"], said["test_pred"], classes=classes)


def worst_recall(true: np.ndarray, pred: np.ndarray) -> float:
    """Recall of the class that is found least."""
    return min(float((pred[true == label] == label).mean()) for label in np.unique(true))


def strongest(frame: pd.DataFrame, target: str, *, classes: bool, numeric: bool) -> str | None:
    """The input that trees use most: a number of eight values or more, or a word of two to twenty."""
    inputs = frame.drop(columns=target)
    codes = inputs.apply(
        lambda column: (
            column.astype(float).fillna(-1)
            if pd.api.types.is_numeric_dtype(column)
            else column.astype("category").cat.codes
        )
    )
    trees = estimator("forest", classes=classes).fit(codes, answers(frame[target], classes=classes))
    for index in np.argsort(-trees.feature_importances_):
        column = inputs.iloc[:, index]
        number, values = pd.api.types.is_numeric_dtype(column), column.nunique()
        if (numeric and number and values >= 8) or (not numeric and not number and 2 <= values <= 20):
            return str(column.name)
    return None
