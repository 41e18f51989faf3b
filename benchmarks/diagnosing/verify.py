"""That each fault shows and its fix repairs it, and that each control is healthy, by plain PyTorch and scikit-learn."""

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from cases.case import Case, Maker

from diagnosing.plain import train_and_score
from diagnosing.store import definition
from diagnosing.train import composed

FILE = Path(__file__).resolve().parents[1] / "verified.json"
Seeds = tuple[int, ...]
SEEDS: Seeds = (11, 12, 13)
PLAIN = 0.2  # of the metric, from which one seed shows enough
SHOWS = 0.05  # of the metric: what a fault must cost, and how far an honest score may be off
DEFAULTS = {"batch_size": 32, "shuffle": True, "split": "random", "normalize": "standard"}
REPAIRS = 0.5  # share of what the fault costs that its fix must give back


def fingerprint(case: Case) -> str:
    """A digest of all that a verification rests on."""
    fix = case.fix
    metric = case.metric if fix else None  # controls are scored by what fits their target
    parts = [definition(case), repr((case.proof, metric, fix and fix.words))]
    makers = (case.fresh, fix.table if fix else None)
    parts += ["" if make is None else hashlib.sha256(make().write_csv().encode()).hexdigest() for make in makers]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]


def load() -> dict[str, Any]:
    """What was verified, by case."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def save(verified: dict[str, Any]) -> None:
    """Writes verified.json, a line a case."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(verified[name])}" for name in sorted(verified))
    FILE.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


def verify(case: Case) -> dict[str, Any]:
    """Figures of the case, medians over seeds, and whether they show what it claims."""
    if case.proof == "width":
        found = _width(case)
    elif case.proof == "chance":
        found = _chance(case)
    else:
        shown = _honest if case.proof == "honest" else _gain
        found = shown(case, SEEDS[:1])
        if not found["holds"] or found["costs"] < PLAIN:
            found = shown(case, SEEDS)
    return {"holds": found.pop("holds"), **_rounded(found), "of": fingerprint(case)}


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}


def _gain(case: Case, seeds: Seeds) -> dict[str, Any]:
    assert case.fix is not None
    faulty = _scores(case, (), seeds)[0]
    fixed = _scores(case, case.fix.words, seeds, case.fix.table)[0]
    costs = fixed - faulty
    return {"faulty": faulty, "fixed": fixed, "costs": costs, "seeds": len(seeds), "holds": costs >= SHOWS}


def _honest(case: Case, seeds: Seeds) -> dict[str, Any]:
    """What the faulty model claims on its test rows and reaches on fresh ones, and the same of the fixed one."""
    claimed, reached = _scores(case, (), seeds)
    assert reached is not None
    costs = abs(claimed - reached)
    found = {"claimed": claimed, "reached": reached, "costs": costs, "seeds": len(seeds), "holds": costs >= SHOWS}
    if case.fix is None:
        return found
    fixed, fresh = _scores(case, case.fix.words, seeds, case.fix.table)
    assert fresh is not None
    honest = abs(fixed - fresh) <= max(SHOWS, (1 - REPAIRS) * costs)
    return {**found, "fixed": fixed, "fixed_reached": fresh, "holds": costs >= SHOWS and honest}


def _chance(case: Case) -> dict[str, Any]:
    reached = _scores(case, (), SEEDS)[0]
    trees = median(boosted(_frame(case), case.metric, seed) for seed in SEEDS)
    chance = 0.0 if case.metric == "r2" else 1 / _frame(case)["y"].n_unique()
    return {"reached": reached, "trees": trees, "holds": max(reached, trees) - chance <= 2 * SHOWS}


def _width(case: Case) -> dict[str, Any]:
    """Half the 95 % interval of a proportion of .8 on a fifth of the rows, or of its rarest class."""
    frame = _frame(case)
    rows = len(frame) // 5
    counts = frame["y"].value_counts()["count"]
    fewest = int(counts.min()) // 5 if case.metric != "r2" else rows
    half = 1.96 * (0.8 * 0.2 / max(rows, 1)) ** 0.5
    return {"rows": rows, "fewest": fewest, "half_width": half, "holds": half > 0.1 or fewest < 10}


def check_control(case: Case) -> dict[str, Any]:
    """A healthy control by hand: its score beside boosted trees and a linear model on the same rows."""
    frame = _frame(case)
    case = replace(case, metric="r2" if _is_number(case, frame["y"]) else case.metric)
    own = _scores(case, (), SEEDS)[0]
    rivals = [max(boosted(frame, case.metric, seed), straight(frame, case.metric, seed)) for seed in SEEDS]
    found = {"holds": own >= median(rivals) - SHOWS, "reached": own, "rival": median(rivals)}
    return {**_rounded(found), "of": fingerprint(case)}


def _is_number(case: Case, y: pl.Series) -> bool:
    """Whether the target is a number to predict: as the words say, else as house rules tell classes from numbers."""
    if any(word.startswith("task=") for word in case.words):
        return "task=regression" in case.words
    return y.dtype.is_numeric() and (y.n_unique() > 20 or bool((y.cast(pl.Float64) % 1 != 0).any()))


def _scores(
    case: Case, changes: tuple[str, ...], seeds: Seeds, table: Maker | None = None
) -> tuple[float, float | None]:
    config = plain_config((*case.words, *changes))
    frame = _frame(case) if table is None else table()
    more = {"test": case.test() if case.test else None, "fresh": case.fresh() if case.fresh else None}
    picture = (1, 8, 8) if config["data"]["_target_"].endswith("Digits") else None
    got = [train_and_score(config, frame, seed, metric=case.metric, picture=picture, **more) for seed in seeds]
    fresh = [reached for _, reached in got if reached is not None]
    return median(score for score, _ in got), median(fresh) if fresh else None


def plain_config(words: tuple[str, ...]) -> dict[str, Any]:
    """The config that the words compose to, as plain types; Litmus does no more here than read them."""
    given = {word.partition("=")[0] for word in words}
    rows = () if "data" in given else ("data=parquet",)
    path = () if "data" in given and "data.text" not in given else ("data.path=rows.parquet", "data.target=y")
    config = composed((*rows, *words, *path), 0, Path(tempfile.gettempdir()))
    return {**config, "data": {**DEFAULTS, **config["data"]}}


def _frame(case: Case) -> pl.DataFrame:
    if case.table is not None:
        return case.table()
    from sklearn import datasets

    name = next(word for word in case.words if word.startswith("data=")).partition("=")[2]
    if name == "imbalanced":
        from litmus.data.sources.synthetic import Imbalanced

        frame = Imbalanced().sample(5000, 42).rename({"payment": "y"})
        return frame.with_columns((pl.col("y") == "fraud").cast(pl.Int64))
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return pl.DataFrame({**{f"x{i}": x[:, i].astype(float) for i in range(x.shape[1])}, "y": y})


def boosted(frame: pl.DataFrame, metric: str, seed: int) -> float:
    """Boosted trees on 80 % of the rows, scored on the rest."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    made = HistGradientBoostingRegressor if metric == "r2" else HistGradientBoostingClassifier
    return _rival(made(max_iter=100, random_state=seed), frame, metric, seed)


def straight(frame: pl.DataFrame, metric: str, seed: int) -> float:
    """A linear model, likewise."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return _rival(
        make_pipeline(StandardScaler(), Ridge() if metric == "r2" else LogisticRegression(max_iter=500)),
        frame,
        metric,
        seed,
    )


def _rival(model: Any, frame: pl.DataFrame, metric: str, seed: int) -> float:
    from sklearn import metrics

    from diagnosing.plain import Table

    table = Table(frame, drop=())
    x = table.x(frame)
    y = frame["y"].to_numpy() if metric == "r2" else table.codes(frame["y"])
    order = np.random.default_rng(seed).permutation(len(x))
    train, test = order[: int(0.8 * len(x))], order[int(0.8 * len(x)) :]
    said = model.fit(x[train], y[train]).predict(x[test])
    return float(metrics.r2_score(y[test], said) if metric == "r2" else metrics.balanced_accuracy_score(y[test], said))
