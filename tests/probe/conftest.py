"""What is probed: composed configs, what their runs showed, and shots that were never fired."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.evidence import DataFacts, Evidence, FitFacts, ModelFacts, Score, TaskFacts
from litmus.metrics.answers import Predictions
from litmus.probe.comparison import Shot
from litmus.verdict import Finding, Verdict

CIRCLES = ("data=circles", "data.n_samples=120", "model.hidden=[6]", "trainer.max_epochs=6")


@pytest.fixture(scope="session")
def config() -> Callable[..., dict]:
    """A resolved config, of small circles where the words name no data."""
    return _config


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., Evidence]:
    return _evidence


@pytest.fixture(scope="session")
def make_verdict() -> Callable[..., Verdict]:
    return _verdict


@pytest.fixture(scope="session")
def make_shots() -> Callable[..., list[Shot]]:
    return _shots


def _config(*words: str) -> RunConfig:
    rows = () if any(word.startswith(("data=", "experiment=")) for word in words) else CIRCLES
    return RunConfig(to_plain(compose([*rows, "logger=null", "verdict.probes=off", *words])))


def _evidence(*words: str, train: float = 0.5, val: float = 0.5, **changes: object) -> Evidence:
    """What a run of the config might have shown; mappings for `task`, `model`, `fit`, `data` change their fields."""
    settings = _config(*words)
    number = "regression" in settings.task.target_name or "regression" in words
    hidden = len(settings.model.hidden or ())
    activation = settings.model.activation
    primary = "r2" if number else "balanced_accuracy"
    score = {split: {primary: Score(value=value, n=100)} for split, value in {"train": train, "val": val}.items()}
    evidence = Evidence(
        task=TaskFacts(kind="regression" if number else "binary", target="y", primary=primary),
        model=ModelFacts(
            name="MLP", parameters=1, hidden_layers=hidden, linear=activation == "none", activation=activation
        ),
        fit=FitFacts(epochs=6, max_epochs=6, steps=6, batches_per_epoch=1),
        data=DataFacts(input="table", sizes={"train": 300, "val": 100, "test": 100}),
        config=settings.tree,
        scores=score,
        scored="val",
    )
    for part in ("task", "model", "fit", "data"):
        if part in changes:
            changes[part] = replace(getattr(evidence, part), **changes[part])
    return replace(evidence, **changes)


def _verdict(*findings: Finding, answer: str = "inadequate", **changes: object) -> Verdict:
    return Verdict(verdict=answer, summary="", split="val", findings=findings, **changes)


def _shots(rng: np.random.Generator, seeds: int, *, right: float, n: int = 100, spread: float = 0.0) -> list[Shot]:
    """Trainings whose models call each of n rows rightly with probability `right`, which seeds move by `spread`."""
    target = torch.arange(n) % 2
    shots = []
    for _ in range(seeds):
        hit = torch.from_numpy(rng.random(n) < np.clip(right + spread * rng.normal(), 0, 1))
        pred = torch.where(hit, target, 1 - target)
        predicted = Predictions(
            split="val",
            rows=torch.arange(n),
            target=target,
            pred=pred,
            prob=torch.nn.functional.one_hot(pred, 2).double(),
        )
        recalls = [float(hit[target == code].double().mean()) for code in (0, 1)]
        shots.append(Shot(value=sum(recalls) / 2, predicted=predicted, monitored=0.0, epochs=1, finished=True))
    return shots
