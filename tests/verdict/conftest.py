"""Evidence to judge, made to measure: healthy runs of each kind, and what to change in them."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from litmus.evidence import (
    DataFacts,
    Estimate,
    Evidence,
    FitFacts,
    Layer,
    ModelFacts,
    Reference,
    Score,
    TaskFacts,
    Trial,
)
from litmus.metrics import metrics_of
from litmus.metrics.declaration import LabelMetric
from litmus.scoring.confusion import class_intervals, precision_recall_gap
from litmus.statistics import Posterior

CONFIG = {
    "model": {"_target_": "litmus.model.mlp.MLP", "hidden": [64, 64], "activation": "relu"},
    "data": {"normalize": "standard", "batch_size": 32, "shuffle": True, "split": "random", "folds": None},
    "optimizer": {"_target_": "torch.optim.Adam", "lr": 0.001, "weight_decay": 0.0},
    "trainer": {"max_epochs": 100, "accumulate_grad_batches": 1, "gradient_clip_val": None},
    "callback": {"early_stopping": {"patience": 20}, "checkpoint": {"use": "best"}},
    "task": {"threshold": 0.5},
}


def decay(start: float, end: float, epochs: int = 100, rate: float = 0.1, noise: float = 0.005) -> tuple[float, ...]:
    """A loss that falls and settles."""
    rng = np.random.default_rng(0)
    curve = end + (start - end) * np.exp(-rate * np.arange(epochs)) + rng.normal(0, noise * start, epochs)
    return tuple(float(value) for value in curve)


def layers(names: tuple[str, ...] = ("body.0", "body.2", "body.4"), **changes: object) -> tuple[Layer, ...]:
    made = Layer(
        name="",
        width=64,
        gradient=(0.02, 0.015, 0.01, 0.008, 0.006),
        update=(3e-3, 2e-3, 1e-3, 1e-3, 8e-4),
        dead=0.05,
        spread=0.6,
        spread_end=1.2,
        moved=0.8,
    )
    return tuple(replace(made, name=name, **changes) for name in names)


@cache
def posterior(matrix: tuple[tuple[int, ...], ...]) -> tuple[dict, list]:
    """Scores and scores by class of a confusion matrix."""
    cells = Posterior(matrix, draws=500)
    metrics = [metric for metric in metrics_of("binary") if isinstance(metric, LabelMetric)]
    return {one.name: cells.interval(one.of_matrices) for one in metrics}, class_intervals(np.array(matrix), draws=500)


def scores(matrix: list[list[int]], **more: float) -> dict[str, Score]:
    """Every score of a confusion matrix, with those that need probabilities made up to go with them."""
    n = int(np.sum(matrix))
    rows = [int(count) for count in np.sum(matrix, 1)]
    base = {
        "accuracy": max(rows) / n,
        "balanced_accuracy": 1 / len(matrix),
        "recall": 0.0,
        "precision": 0.0,
        "f1": 0.0,
    }
    found = {
        name: Score(value=one.value, low=one.low, high=one.high, n=n, baseline=base.get(name, 0.0))
        for name, one in posterior(tuple(map(tuple, matrix)))[0].items()
    }
    for name, value in more.items():
        half = 2 * math.sqrt(max(value * (1 - value), 0.01) / max(min(rows), 1))
        prevalence = rows[-1] / n if len(matrix) == 2 else 1 / len(matrix)
        found[name] = Score(
            value=value, low=max(0.0, value - half), high=min(1.0, value + half), n=n, baseline=prevalence
        )
    return found


def reference(name: str, level: float, model: float, n: int, **more: object) -> Reference:
    """A reference at `level` of the primary metric on every split, beside a model at `model`."""
    half = 2 * math.sqrt(max(2 - level - model, 0.02) / n)
    apart = Estimate(value=model - level, low=model - level - half, high=model - level + half)
    more = {"out_of_fold": level, "strong": True, "linear": name == "linear"} | more
    return Reference(name=name, difference={"val": apart, "test": apart}, **more)


def classes(
    test: list[list[int]],
    train: list[list[int]] | None = None,
    *,
    labels: tuple[str, ...] | None = None,
    references: dict[str, float] | None = None,
    ap: float = 0.9,
    **changes: object,
) -> Evidence:
    """A classification run with these confusion matrices; val is as test."""
    k = len(test)
    labels = labels or tuple("abcdefghij"[:k])
    train = train or (np.array(test) * 3).tolist()
    rows = np.sum(train, 1)
    share = float(rows.max() / rows.sum())
    primary = "balanced_accuracy" if share < 0.8 else "average_precision"
    splits = {"train": train, "val": test, "test": test}
    found = {split: scores(matrix, average_precision=ap) for split, matrix in splits.items()}
    model = found["test"][primary].value
    n = int(np.sum(test))
    levels = {"linear": model - 0.02, "boosted_trees": model} if references is None else references
    counts = {split: dict(zip(labels, map(int, np.sum(matrix, 1)), strict=True)) for split, matrix in splits.items()}
    gap = precision_recall_gap(Posterior(test, draws=500))
    low = found["test"][primary].low - found["test"][primary].baseline
    evidence = Evidence(
        task=TaskFacts(
            kind="binary" if k == 2 else "multiclass",
            target="y",
            classes=labels,
            primary=primary,
            threshold=0.5 if k == 2 else None,
            majority_share=share,
            loss="bce" if k == 2 else "cross_entropy",
        ),
        model=ModelFacts(name="MLP", parameters=5000, hidden_layers=2, linear=False, activation="relu"),
        fit=FitFacts(
            epochs=100,
            max_epochs=100,
            steps=100 * max(1, int(np.sum(train)) // 32),
            batches_per_epoch=max(1, int(np.sum(train)) // 32),
            best_epoch=80,
            seconds=5.0,
            initial_loss=math.log(k),
            chance_loss=math.log(k),
            final_train_loss=0.2,
            batch_label_entropy=0.97,
            recorded=(0, 1, 2, 50, 99),
            lr=(0.001,) * 100,
        ),
        data=DataFacts(
            input="table",
            sizes={split: int(np.sum(matrix)) for split, matrix in splits.items()},
            class_counts=counts,
            scale_ratio=1.2,
            seen_mean_ratio=0.1,
        ),
        config=CONFIG,
        history={"train/loss": decay(math.log(k), 0.2), "val/loss": decay(math.log(k), 0.22)},
        layers=layers(),
        scores=found,
        per_class={
            split: {
                label: {
                    name: Score(value=one.value, low=one.low, high=one.high, n=counts[split][label])
                    for name, one in by.items()
                }
                for label, by in zip(labels, posterior(tuple(map(tuple, matrix)))[1], strict=True)
            }
            for split, matrix in splits.items()
        },
        confusion={split: tuple(map(tuple, matrix)) for split, matrix in splits.items()},
        gain={"test": Estimate(value=model - found["test"][primary].baseline, low=low, high=low + 0.2)},
        pr_gap=gap,
        references=(
            Reference(name="majority"),
            *(reference(name, level, model, n) for name, level in levels.items()),
        ),
        probed=True,
    )
    return change(evidence, **changes)


def numbers(
    test: float = 0.9,
    train: float | None = None,
    *,
    n: int = 200,
    references: dict[str, float] | None = None,
    **changes: object,
) -> Evidence:
    """A regression run with this R2 on test and val."""

    def r2(value: float) -> Score:
        half = 2.5 * (1 - value) / math.sqrt(n)
        return Score(value=value, low=value - half, high=min(1.0, value + half), n=n, baseline=0.0)

    train = test + 0.01 if train is None else train
    error = math.sqrt(max(1 - test, 0.0))
    found = {
        split: {
            "r2": r2(value),
            "rmse": Score(value=error, low=0.9 * error, high=1.1 * error, n=n, baseline=1.0),
            "mae": Score(value=0.8 * error, low=0.7 * error, high=0.9 * error, n=n, baseline=0.8),
        }
        for split, value in {"train": train, "val": test, "test": test}.items()
    }
    score = found["test"]["r2"]
    levels = {"linear": test - 0.02, "boosted_trees": test - 0.01} if references is None else references
    evidence = Evidence(
        task=TaskFacts(kind="regression", target="y", primary="r2", loss="mse"),
        model=ModelFacts(name="MLP", parameters=5000, hidden_layers=2, linear=False, activation="relu"),
        fit=FitFacts(
            epochs=100,
            max_epochs=100,
            steps=100 * max(1, 3 * n // 32),
            batches_per_epoch=max(1, 3 * n // 32),
            best_epoch=80,
            seconds=5.0,
            initial_loss=1.1,
            chance_loss=1.0,
            final_train_loss=max(1 - train, 0.0),
            recorded=(0, 1, 2, 50, 99),
            lr=(0.001,) * 100,
        ),
        data=DataFacts(
            input="table",
            sizes={"train": 3 * n, "val": n, "test": n},
            target_mean=0.1,
            target_sd=1.0,
            target_low=-3.0,
            target_high=3.0,
            target_distinct=3 * n,
            target_tail=4.0,
            scale_ratio=1.2,
            seen_mean_ratio=0.1,
            split_rule="random",
        ),
        config=CONFIG,
        history={"train/loss": decay(1.1, max(1 - train, 0.0)), "val/loss": decay(1.1, max(1 - test, 0.0))},
        layers=layers(),
        scores=found,
        gain={"test": Estimate(value=score.value, low=score.low, high=score.high)},
        references=(
            Reference(name="mean"),
            *(reference(name, level, test, 20 * n) for name, level in levels.items()),
        ),
        probed=True,
    )
    return change(evidence, **changes)


def change(evidence: Evidence, **changes: object) -> Evidence:
    """The evidence with fields replaced; mappings for `task`, `model`, `fit`, `data` change their fields.

    What facts and config both tell is changed in both.
    """
    changes["config"] = _told_by(changes) | changes.get("config", {})
    for part in ("task", "model", "fit", "data"):
        if part in changes:
            changes[part] = replace(getattr(evidence, part), **changes[part])
    config = dict(evidence.config)
    for key, value in changes.pop("config", {}).items():
        group, _, name = key.partition(".")
        config[group] = {**config.get(group, {}), name: value}
    return replace(evidence, config=config, **changes)


def _told_by(changes: dict[str, dict]) -> dict[str, object]:
    model, fit = changes.get("model", {}), changes.get("fit", {})
    told = {"model.activation": "none"} if model.get("linear") else {}
    told |= {"model.activation": model["activation"]} if "activation" in model else {}
    return told | ({"trainer.accumulate_grad_batches": fit["accumulate"]} if "accumulate" in fit else {})


def trial(
    probe: str, overrides: tuple[str, ...] = (), *, gain: float = 0.2, half: float = 0.05, **more: object
) -> Trial:
    """A trial over three seeds that gained so much."""
    more = {"metric": "val/balanced_accuracy", "confirmed": True} | more
    return Trial(
        probe=probe,
        overrides=overrides,
        seeds=(0, 1, 2),
        before=(0.5, 0.5, 0.5),
        after=(0.5 + gain,) * 3,
        difference=Estimate(value=gain, low=gain - half, high=gain + half),
        **more,
    )


def stuck(**changes: object) -> Evidence:
    """A binary run that learned nothing where boosted trees learn nearly everything."""
    evidence = classes(
        [[52, 48], [50, 50]],
        references={"linear": 0.5, "boosted_trees": 0.95},
        fit={"initial_loss": 0.694, "final_train_loss": 0.692},
        history={
            "train/loss": decay(0.694, 0.692, noise=0.0005),
            "val/loss": decay(0.694, 0.693, noise=0.0005),
        },
    )
    return change(evidence, **changes)


HEALTHY: dict[str, Callable[[], Evidence]] = {
    "binary": lambda: classes([[190, 10], [12, 188]]),
    "small binary": lambda: classes([[70, 2], [1, 41]]),
    "iris": lambda: classes([[10, 0, 0], [0, 10, 0], [0, 1, 9]]),
    "digits": lambda: classes((np.eye(10, dtype=int) * 34 + np.eye(10, k=1, dtype=int)).tolist()),
    "hard at its ceiling": lambda: classes(
        [[1450, 550], [560, 1440]], references={"linear": 0.72, "boosted_trees": 0.71}
    ),
    "imbalanced well handled": lambda: classes([[955, 5], [4, 86]], ap=0.95, references={"linear": 0.93}),
    "benign gap": lambda: classes([[185, 15], [15, 185]], [[598, 2], [1, 599]]),
    "regression": lambda: numbers(0.9),
    "straight line": lambda: numbers(
        0.99, references={"linear": 0.99, "boosted_trees": 0.98}, model={"linear": True, "hidden_layers": 0}
    ),
    "noisy regression": lambda: numbers(0.45, n=2000, references={"linear": 0.44, "boosted_trees": 0.45}),
}


@pytest.fixture
def make() -> dict[str, Callable[..., Evidence]]:
    """The builders by name."""
    return {"classes": classes, "numbers": numbers, "stuck": stuck, "change": change, "trial": trial, "layers": layers}


@pytest.fixture(params=list(HEALTHY))
def healthy(request: pytest.FixtureRequest) -> Evidence:
    """Each healthy run."""
    return HEALTHY[request.param]()
