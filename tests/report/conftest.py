"""What reports are made of: evidence, verdicts and scenes, plain ones and nasty ones."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from litmus.data.rows import Origin, Rows
from litmus.evidence import (
    Calibration,
    Column,
    DataFacts,
    Estimate,
    Evidence,
    FeatureLeak,
    FitFacts,
    Layer,
    ModelFacts,
    NonFinite,
    Reference,
    Score,
    Segment,
    Shift,
    TaskFacts,
    ThresholdPoint,
    Unknown,
)
from litmus.metrics.answers import Predictions
from litmus.report.scene import Dependence, Points, Scene, make_surface
from litmus.verdict import Criterion, Finding, Headroom, Verdict

NASTY = "</style><script>alert(1)</script> \x1b[31m[red]x[/red] ![i](http://evil/i.png) $x^{$ | `a`\n" + "long" * 70


@pytest.fixture(scope="session")
def nasty() -> str:
    """A name that is markup for the page, the terminal, Markdown and matplotlib, with 300 characters and more."""
    return NASTY


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., Evidence]:
    return _evidence


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., Predictions]:
    return _predictions


@pytest.fixture(scope="session")
def make_verdict() -> Callable[..., Verdict]:
    return _verdict


@pytest.fixture(scope="session")
def scenes() -> dict[str, Scene]:
    """One scene for each kind of run, and the odd ones."""
    return _scenes()


def _evidence(
    kind: str = "binary", classes: tuple[str, ...] = ("no", "yes"), *, epochs: int = 40, **changes: object
) -> Evidence:
    rng, epoch = np.random.default_rng(0), np.arange(epochs)
    primary = "r2" if kind == "regression" else "balanced_accuracy"
    labels = classes if kind != "regression" else ()
    history = {
        "train/loss": tuple((0.7 * np.exp(-epoch / 15) + 0.05).tolist()),
        "val/loss": tuple((0.7 * np.exp(-epoch / 12) + 0.12 + 0.01 * rng.normal(size=epochs)).tolist()),
        f"train/{primary}": tuple((1 - 0.5 * np.exp(-epoch / 10)).tolist()),
        f"val/{primary}": tuple((0.9 - 0.5 * np.exp(-epoch / 10)).tolist()),
    }
    matrix = rng.poisson(1, size=(len(labels),) * 2) + 30 * np.eye(len(labels), dtype=int)
    names = ("mean", "linear", "boosted_trees") if kind == "regression" else ("majority", "linear", "boosted_trees")
    score = Score(value=0.9, low=0.85, high=0.94, n=200, baseline=0.5)
    facts = {
        "task": TaskFacts(
            kind=kind,
            target="churn",
            classes=labels,
            primary=primary,
            threshold=0.4 if kind == "binary" else None,
            loss="BCE",
        ),
        "model": ModelFacts(name="MLP", parameters=1234, hidden_layers=2, linear=False, activation="relu"),
        "fit": FitFacts(
            epochs=epochs,
            max_epochs=100,
            steps=400,
            batches_per_epoch=10,
            stopped_early=epochs > 2,
            best_epoch=epochs // 2,
            seconds=1.25,
            chance_loss=0.69,
            recorded=tuple(range(0, epochs, 5)),
        ),
        "data": DataFacts(
            input="table",
            sizes={"train": 600, "val": 200, "test": 200},
            class_counts={s: dict.fromkeys(labels, 100) for s in ("train", "val", "test")} if labels else {},
            columns=(Column(name="age", kind="number", mean=40.0, sd=10.0, low=18.0, high=90.0, distinct=60),),
        ),
        "history": history,
        "layers": tuple(
            Layer(name=f"layers.{i}", width=10, gradient=tuple((10.0**-i * np.exp(-epoch[::5] / 30)).tolist()))
            for i in range(3)
        ),
        "scores": {"val": {primary: score}, "test": {primary: score}},
        "per_class": {"test": {label: {"recall": score, "precision": score} for label in labels}},
        "confusion": {"test": tuple(map(tuple, matrix.tolist()))} if labels else {},
        "references": tuple(
            Reference(
                name=name,
                scores={"test": {primary: 0.5 + 0.2 * i}},
                difference={"test": Estimate(value=0.4 - 0.2 * i, low=0.3 - 0.2 * i, high=0.5 - 0.2 * i)},
            )
            for i, name in enumerate(names)
        ),
        "importance": {"age": Estimate(value=0.2, low=0.1, high=0.3)},
        "config": {"model": {"_target_": "litmus.model.mlp.MLP", "hidden": [10, 10]}, "optimizer": {"lr": 0.1}},
        "test_reads": 1,
    }
    if kind == "binary":
        cuts = np.linspace(0.01, 0.99, 30).tolist()
        facts["threshold_curve"] = tuple(
            ThresholdPoint(threshold=t, precision=0.5 + 0.4 * t, recall=1 - t**3, f1=0.7, cost=40 + 60 * t)
            for t in cuts
        )
        facts["threshold_best"] = 0.42
        facts["calibration"] = Calibration(
            ece=Estimate(value=0.03, low=0.02, high=0.05),
            bins=tuple((x, x**2, int(100 * (1 - x))) for x in np.linspace(0.05, 0.95, 10).tolist()),
        )
    return Evidence(**(facts | changes))


def _predictions(kind: str = "binary", classes: int = 2, n: int = 200, *, split: str = "test") -> Predictions:
    rng = np.random.default_rng(1)
    rows = torch.arange(n)
    if kind == "regression":
        target = 100 + 30 * rng.normal(size=n)
        pred = torch.tensor(target + 8 * rng.normal(size=n))
        return Predictions(split=split, rows=rows, target=torch.tensor(target), pred=pred)
    target = torch.tensor(rng.integers(0, classes, n))
    prob = torch.softmax(
        torch.tensor(rng.normal(size=(n, classes))) + 2 * torch.nn.functional.one_hot(target, classes), 1
    )
    return Predictions(split=split, rows=rows, target=target, pred=prob.argmax(1), prob=prob)


def _verdict(name: str = "x", **changes: object) -> Verdict:
    """An inadequate verdict whose finding is about a column called `name`."""
    facts = {
        "verdict": "inadequate",
        "summary": f"Inadequate: accuracy 46 %.\nCause: {' '.join(name.split())}\nTry: model.activation=relu"[:280],
        "criteria": (
            Criterion(
                name="accuracy", value=0.46, low=0.39, high=0.53, threshold=0.8, baseline=0.5, n=200, status="fail"
            ),
            Criterion(name="balanced_accuracy", value=0.9, low=0.85, high=0.94, threshold=0.8, n=200, status="pass"),
            Criterion(name=f"recall[{name}]", value=None, threshold=0.5),
            Criterion(name="f1", value=0.4, low=0.3, high=0.5, threshold=0.85, votes=False),
        ),
        "findings": (
            Finding(
                name="model_is_linear",
                severity="error",
                summary="The model is linear, the data are not.",
                evidence={"linear": 0.47, "boosted_trees": 0.99},
                overrides=("model.activation=relu", "model.hidden=[10,10]"),
                tried={
                    "metric": "balanced_accuracy",
                    "before": (0.4, 0.5),
                    "after": (0.9, 1.0),
                    "difference": 0.5,
                    "low": 0.4,
                    "high": 0.6,
                    "seeds": (1, 2),
                    "confirmed": True,
                },
            ),
            Finding(name="underfitting", severity="error", summary="Low.", consequence_of="model_is_linear"),
            Finding(
                name="target_leakage",
                severity="warning",
                summary=f"The column {name} nearly gives the target.",
                evidence={"column": name, "score": 0.99},
                overrides=(f"data.drop_columns=[{name}]",),
            ),
        ),
        "headroom": Headroom(metric="balanced_accuracy", value=0.04, low=0.01, high=0.07, source="boosted trees"),
        "unknown": (Unknown(name="label_noise", reason=f"too few rows of {name}"),),
    }
    return Verdict(**(facts | changes))


def _plane(classes: int) -> object:
    rng = np.random.default_rng(2)
    points = {}
    for split, n in (("train", 400), ("test", 50)):
        angle, code = rng.uniform(0, 6.28, n), rng.integers(0, classes, n)
        radius = 1 - 0.2 * code
        points[split] = Points(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), code)

    def predict(x: np.ndarray) -> np.ndarray:
        radius = np.hypot(*x.T)
        logits = np.stack([-80 * (radius - 1 + 0.2 * c) ** 2 for c in range(classes)], 1)
        return np.exp(logits) / np.exp(logits).sum(1, keepdims=True).clip(1e-300)

    return make_surface(predict, points, names=("x1", "x2"), resolution=40)


def _table_scene() -> Scene:
    """A table with a column that shifts and two that nearly give the target, and what the model makes of each."""
    rng = np.random.default_rng(3)
    noise = {name: Estimate(value=0.01, low=-0.02, high=0.03) for name in ("calls", "plan", "empty", "gone")}
    facts = DataFacts(
        input="table",
        sizes={"train": 400, "test": 200},
        class_counts={"train": {"no": 280, "yes": 120}, "test": {"no": 100, "yes": 100}},
        shifts=(Shift(split="test", auroc=Estimate(value=0.9, low=0.85, high=0.95), columns=("age", "gone")),),
        leaks=(
            FeatureLeak(column="calls", score=0.97, next_best=0.6, next_column="age"),
            FeatureLeak(column="plan", score=0.95, next_best=0.6),
        ),
    )
    evidence = _evidence(
        data=facts,
        importance={"age": Estimate(value=0.2, low=0.1, high=0.3), **noise},
        segments=(
            Segment(where="plan=pro", metric="recall", value=0.4, rest=0.9, n=50),
            Segment(where="20 <= age < 30", metric="accuracy", value=0.5, rest=0.8, n=60),
        ),
    )
    rows = {}
    for split, n, shift in (("train", 400, 0), ("test", 200, 30)):
        inputs = pl.DataFrame(
            {
                "age": rng.normal(50 + shift, 10, n),
                "calls": rng.poisson(2, n),
                "plan": rng.choice(["basic", "plus", "pro"], n),
                "vip": rng.random(n) < 0.3,
                "empty": pl.Series([None] * n, dtype=pl.Float64),
            }
        )
        target = pl.Series("churn", rng.choice(["no", "yes"], n))
        origin = Origin(path="churn.csv", sha256="", rows=600)
        rows[split] = Rows(inputs=inputs, target=target, numbers=np.arange(n), origin=origin)
    grow = np.linspace(0.1, 0.9, 7)
    dependence = (
        Dependence("age", np.linspace(20, 80, 7), np.stack([1 - grow, grow], 1)),
        Dependence("plan", ("basic", "plus", "pro"), np.array([[0.5, 0.5], [0.6, 0.4], [0.7, 0.3]])),
    )
    return Scene(evidence=evidence, predictions={"test": _predictions()}, rows=rows, dependence=dependence)


def _numbers_scene() -> Scene:
    """A number that is predicted too low where one column is large."""
    rng = np.random.default_rng(4)
    n = 200
    inputs = pl.DataFrame({"rooms": rng.normal(5, 1, n), "age": rng.uniform(0, 90, n), "vip": rng.random(n) < 0.3})
    predicted = _predictions("regression", n=n)
    rooms = torch.from_numpy(inputs["rooms"].to_numpy().copy())
    predicted = replace(predicted, pred=predicted.target - 20 * (rooms > 6) + torch.from_numpy(rng.normal(size=n)))
    origin = Origin(path="homes.csv", sha256="", rows=n)
    rows = Rows(inputs=inputs, target=pl.Series("price", predicted.target.numpy()), numbers=np.arange(n), origin=origin)
    return Scene(evidence=_evidence("regression"), predictions={"test": predicted}, rows={"train": rows, "test": rows})


def _ten_classes() -> Scene:
    names = tuple(f"c{i}" for i in range(10))
    matrix = 50 * np.eye(10, dtype=int)
    matrix[3, 3], matrix[3, 7], matrix[1, 1], matrix[1, 2] = 30, 20, 48, 2
    evidence = _evidence("multiclass", names, confusion={"test": tuple(map(tuple, matrix.tolist()))})
    return Scene(evidence=evidence, predictions={"test": _predictions("multiclass", 10, 500)})


def _scenes() -> dict[str, Scene]:
    x = np.linspace(0, 1, 30)[:, None]
    straight = make_surface(lambda x: 0.7 * x[:, 0], {"train": Points(x, 0.7 * x[:, 0])}, names=("x",), resolution=20)
    many = tuple(f"species {i}" for i in range(45))
    broken = FitFacts(
        epochs=4,
        max_epochs=9,
        steps=4,
        batches_per_epoch=1,
        chance_loss=0.7,
        non_finite=NonFinite(epoch=3, step=3, where="loss"),
    )
    return {
        "table": _table_scene(),
        "numbers of a table": _numbers_scene(),
        "ten classes": _ten_classes(),
        "binary": Scene(
            evidence=_evidence(),
            predictions={"val": _predictions(split="val"), "test": _predictions()},
            surface=_plane(2),
        ),
        "multiclass": Scene(
            evidence=_evidence("multiclass", ("a", "b", "c")),
            predictions={"test": _predictions("multiclass", 3)},
            surface=_plane(3),
        ),
        "regression": Scene(
            evidence=_evidence("regression"), predictions={"test": _predictions("regression", n=4000)}, surface=straight
        ),
        "45 classes": Scene(
            evidence=_evidence("multiclass", many, epochs=1), predictions={"test": _predictions("multiclass", 45, 900)}
        ),
        "nasty names": Scene(
            evidence=_evidence("binary", (NASTY, "日本 $ёж$ \\frac{"), epochs=2),
            predictions={"test": _predictions(n=2)},
        ),
        "not finite": Scene(
            evidence=replace(
                _evidence(),
                fit=broken,
                history={"train/loss": (0.7, 90.0, 1e9, None), "val/loss": (0.7, float("inf"), float("nan"), None)},
                layers=tuple(Layer(name=f"blocks.{i}", width=1, gradient=(None, 1e-3, 0.0)) for i in range(14)),
            )
        ),
    }
