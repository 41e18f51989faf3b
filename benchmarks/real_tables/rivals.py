"""The established models of `make bench-tables`: scikit-learn's four, and LightGBM where it is installed.

Each gets the rows of train and val, as it needs none to stop by, with categories one-hot (frequent ones), numbers
standardised and gaps filled by the median; all else is the library's default.
"""

import time
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from real_tables.selection import Chosen

FOUR = ("linear", "forest", "boosted", "mlp")
LIGHTGBM = "lightgbm"


def error_of(true: pd.Series, pred: Any, *, classes: bool) -> float:
    """The share of wrong labels, or the RMSE."""
    if classes:
        return float((true.astype(str).to_numpy() != np.asarray(pred).astype(str)).mean())
    return float(np.sqrt(np.mean((true.to_numpy(float) - np.asarray(pred, float)) ** 2)))


def scores(table: Chosen, split: np.ndarray, seed: int) -> dict[str, dict[str, float]]:
    """Test error and seconds of fitting and predicting by model."""
    fitted, test = table.rows[split != "test"], table.rows[split == "test"]
    inputs = [name for name in table.rows if name != table.target]
    labels = fitted[table.target].astype(str) if table.classes else fitted[table.target]
    errors, seconds = {}, {}
    for name, model in models(table.rows[inputs], classes=table.classes, seed=seed).items():
        start = time.perf_counter()
        pred = model.fit(fitted[inputs], labels).predict(test[inputs])
        seconds[name] = time.perf_counter() - start
        errors[name] = error_of(test[table.target], pred, classes=table.classes)
    return {"errors": errors, "seconds": seconds}


def models(inputs: pd.DataFrame, *, classes: bool, seed: int) -> dict[str, Any]:
    """The models, each behind the same preparation."""
    numbers = [name for name in inputs if pd.api.types.is_numeric_dtype(inputs[name])]
    others = [name for name in inputs if name not in numbers]

    def prepared() -> Any:
        words = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
        return make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers), (words, others)
        )

    found: dict[str, Any] = (
        {
            "linear": LogisticRegression(max_iter=1000),
            "forest": RandomForestClassifier(200, random_state=seed),
            "boosted": HistGradientBoostingClassifier(random_state=seed),
            "mlp": MLPClassifier(early_stopping=True, max_iter=300, random_state=seed),
        }
        if classes
        else {
            "linear": RidgeCV(np.logspace(-3, 3, 7)),
            "forest": RandomForestRegressor(200, random_state=seed),
            "boosted": HistGradientBoostingRegressor(random_state=seed),
            "mlp": MLPRegressor(early_stopping=True, max_iter=300, random_state=seed),
        }
    )
    if find_spec(LIGHTGBM):
        import lightgbm

        kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        found[LIGHTGBM] = kind(random_state=seed, verbose=-1)
    return {name: make_pipeline(prepared(), model) for name, model in found.items()}
